/* SPDX-License-Identifier: Apache-2.0 */
/* One row per metric: M(constant, type, name, help). Add a row here and nowhere else. */
#pragma once

#define METRICS(M) \
	M(M_TURNS, counter, "isango_turns_total", "Turns taken, all channels") \
	M(M_TURNS_REPEATED, counter, "isango_turns_repeated_total", "Repeated inputs answered from the stored answer") \
	M(M_TURNS_FAILED, counter, "isango_turns_failed_total", "Turns that ended with an apology") \
	M(M_TURNS_REFUSED, counter, "isango_turns_refused_total", "Turns refused because too many were in progress") \
	M(M_SESSION_CONFLICTS, counter, "isango_session_conflicts_total", \
	    "Session saves that lost against another one") \
	M(M_VERSIONS_TAKEN, counter, "isango_versions_taken_total", \
	    "Published menus that this process began to use") \
	M(M_VERSIONS_LOADED, counter, "isango_versions_loaded_total", "Versions of menus got from Redis") \
	M(M_VERSIONS_EVICTED, counter, "isango_versions_evicted_total", "Versions that made room in memory for others") \
	M(M_VERSIONS_REFUSED, counter, "isango_versions_refused_total", \
	    "Versions in Redis that this program cannot use") \
	M(M_VERSIONS_MISSED, counter, "isango_versions_missed_total", \
	    "Dialogues begun anew because their version cannot be had any more") \
	M(M_VERSIONS_KEPT, gauge, "isango_versions_kept", "Versions of menus in Redis, of all tenants") \
	M(M_VERSIONS_DROPPED, counter, "isango_versions_dropped_total", \
	    "Versions dropped from Redis because nobody needed them, by all processes") \
	M(M_RESUMES_OFFERED, counter, "isango_resumes_offered_total", \
	    "Dropped dialogues that were offered to be gone on with") \
	M(M_RESUMES_TAKEN, counter, "isango_resumes_taken_total", "Those that were gone on with") \
	M(M_PIN_WRONG, counter, "isango_pin_wrong_total", "Wrong PINs") \
	M(M_PIN_LOCKS, counter, "isango_pin_locks_total", "PIN locks set") \
	M(M_PIN_EXCUSED, counter, "isango_pin_excused_total", \
	    "Wrong PINs not counted, because a change had no answer") \
	M(M_PIN_KEY_MISSING, counter, "isango_pin_key_missing_total", "PINs not checked: their key is not configured") \
	M(M_PIN_ROTATED, counter, "isango_pin_rotated_total", "PINs taken over by the newest key") \
	M(M_PIN_ROTATE_FAILED, counter, "isango_pin_rotate_failed_total", "Those put off because it did not work") \
	M(M_PIN_ROTATE_LATER, counter, "isango_pin_rotate_later_total", "Those put off because many are under way") \
	M(M_PIN_WRITES_HELD, counter, "isango_pin_writes_held_total", \
	    "New PINs and keys refused because one before may still come into force") \
	M(M_PIN_WRITES_UNANSWERED, counter, "isango_pin_writes_unanswered_total", \
	    "New PINs and keys of which it is not known whether they are in force") \
	M(M_PIN_WRITES_TAKEN_OVER, counter, "isango_pin_writes_taken_over_total", \
	    "New PINs carried on from a process that died") \
	M(M_PIN_RESETS, counter, "isango_pin_resets_total", "Forgotten PINs: waits begun after the identity check") \
	M(M_PIN_RESETS_CANCELLED, counter, "isango_pin_resets_cancelled_total", "Those cancelled by the old PIN") \
	M(M_PIN_RESETS_DONE, counter, "isango_pin_resets_done_total", "Those that came to a new PIN") \
	M(M_SIGNUPS_DONE, counter, "isango_signups_done_total", "Sign-ups that came to a wallet") \
	M(M_SIGNUPS_LATE, counter, "isango_signups_late_total", \
	    "Answers about sign-ups that are in doubt for an hour and more: look at the wallet core") \
	M(M_SIGNUPS_NOT_DONE, counter, "isango_signups_not_done_total", "Sign-ups that came to none") \
	M(M_SIGNUPS_TAKEN_OVER, counter, "isango_signups_taken_over_total", \
	    "Sign-ups carried on from another process or after a wait") \
	M(M_PIPES_FULL, counter, "isango_http_pipes_full_total", \
	    "Documents not carried because http_pipes were under way") \
	M(M_DOCUMENTS_TAKEN, counter, "isango_documents_taken_total", "Documents that wallet cores took") \
	M(M_DOCUMENTS_REFUSED, counter, "isango_documents_refused_total", "Documents that wallet cores refused") \
	M(M_DOCUMENTS_TOO_LONG, counter, "isango_documents_too_long_total", "Documents that were longer than they may be") \
	M(M_DOCUMENTS_LOST, counter, "isango_documents_lost_total", "Documents that the chat's network had no more") \
	M(M_DOCUMENTS_WRONG, counter, "isango_documents_wrong_total", \
	    "Documents cut because length or SHA-256 were not as promised") \
	M(M_DOCUMENTS_FORBIDDEN, counter, "isango_documents_forbidden_total", \
	    "Documents not fetched because their address is not allowed") \
	M(M_DOCUMENTS_FAILED, counter, "isango_documents_failed_total", "Documents that did not come through") \
	M(M_KYC_PASSED, counter, "isango_kyc_passed_total", "Checks of customers' documents that were passed") \
	M(M_KYC_FAILED, counter, "isango_kyc_failed_total", "Those that were failed") \
	M(M_KYC_GIVEN_UP, counter, "isango_kyc_given_up_total", "Those without a result in documents.ratify_days") \
	M(M_KYC_TAKEN_OVER, counter, "isango_kyc_taken_over_total", \
	    "Those carried on from another process or after a wait") \
	M(M_SIM_CHANGED, counter, "isango_sim_changed_total", \
	    "SIMs that changed, as seen in a dialogue or said by the operator") \
	M(M_SIM_REFUSED, counter, "isango_sim_refused_total", "What was refused because the SIM is new") \
	M(M_SIM_LINES_BAD, counter, "isango_sim_lines_bad_total", \
	    "Lines of sim_changes_file that were not understood") \
	M(M_SIM_FEED_UNREAD, counter, "isango_sim_feed_unread_total", \
	    "Looks at sim_changes_file that could not read it") \
	M(M_INTENTS_SHOWN, counter, "isango_intents_shown_total", "Confirm screens shown") \
	M(M_INTENTS_ACCEPTED, counter, "isango_intents_accepted_total", \
	    "Intents accepted by a right PIN or an integrator") \
	M(M_INTENTS_DONE, counter, "isango_intents_done_total", "Intents done") \
	M(M_INTENTS_NOT_DONE, counter, "isango_intents_not_done_total", "Intents not done") \
	M(M_INTENTS_ASKING, counter, "isango_intents_asking_total", "Attempts whose outcome had to be asked for") \
	M(M_INTENTS_PERSON, counter, "isango_intents_person_total", "Intents handed to a person") \
	M(M_INTENTS_TAKEN_OVER, counter, "isango_intents_taken_over_total", "Due intents claimed from the due lists") \
	M(M_PROCESSES, gauge, "isango_processes", "Processes that work on the same Redis, this one included") \
	M(M_RECORDS_SET_ASIDE, counter, "isango_records_set_aside_total", \
	    "Records that could not be read and that operators set aside") \
	M(M_INTENTS_RESOLVED, counter, "isango_intents_resolved_total", "Intents that two operators resolved") \
	M(M_PERSONS, gauge, "isango_persons", \
	    "Intents with a person, of all tenants; counted anew about every minute") \
	M(M_PERSON_OLDEST_S, gauge, "isango_person_oldest_seconds", "Age of the oldest of them") \
	M(M_TURNS_FROZEN, counter, "isango_turns_frozen_total", "Turns of phones that an operator froze") \
	M(M_OPERATOR_ACTS, counter, "isango_operator_acts_total", "Acts of operators, looks too") \
	M(M_OPERATOR_REFUSED, counter, "isango_operator_refused_total", \
	    "Acts refused for the operator's role or tenants") \
	M(M_AUDIT_ENTRIES, counter, "isango_audit_entries_total", "Entries written to the audit") \
	M(M_AUDIT_FAILED, counter, "isango_audit_failed_total", \
	    "Acts not done, or not closed, because the audit could not be written") \
	M(M_AUDIT_BROKEN, counter, "isango_audit_broken_total", "Looks that found the audit's chain broken") \
	M(M_INTENTS_PUT_OFF, counter, "isango_intents_put_off_total", \
	    "Due intents left for later because too many of their tenant were under way") \
	M(M_FOLLOW_READS, counter, "isango_follow_reads_total", "Reads of withdrawals that only wait") \
	M(M_FOLLOW_PUT_OFF, counter, "isango_follow_put_off_total", \
	    "Such reads put off: too many in a second or at once, or the core asked for less") \
	M(M_CALLBACKS_TAKEN, counter, "isango_callbacks_taken_total", "Callbacks of wallet cores that lead to a read") \
	M(M_CALLBACKS_KNOWN, counter, "isango_callbacks_known_total", "Callbacks that say what is known") \
	M(M_CALLBACKS_UNKNOWN, counter, "isango_callbacks_unknown_total", "Callbacks about what is not here") \
	M(M_CALLBACKS_ODD, counter, "isango_callbacks_odd_total", \
	    "Callbacks about withdrawals that are over here; see the log") \
	M(M_CALLBACKS_LATER, counter, "isango_callbacks_later_total", \
	    "Callbacks that are to be sent again: too many, or not saved") \
	M(M_CALLBACKS_REFUSED, counter, "isango_callbacks_refused_total", \
	    "Callbacks without a good signature, too large, or of another tenant") \
	M(M_TELLS, counter, "isango_integrator_callbacks_total", "Calls to integrators' callbackUrls") \
	M(M_TELLS_HEARD, counter, "isango_integrator_callbacks_heard_total", "Those answered below 300") \
	M(M_TELLS_FAILED, counter, "isango_integrator_callbacks_failed_total", \
	    "Those that were not, or could not be made") \
	M(M_TELLS_FORBIDDEN, counter, "isango_integrator_callbacks_forbidden_total", \
	    "Those that led to an address which is not allowed") \
	M(M_TELLS_PUT_OFF, counter, "isango_integrator_callbacks_put_off_total", \
	    "Calls put off: too many at once, or it does not answer") \
	M(M_TELLS_GIVEN_UP, counter, "isango_integrator_callbacks_given_up_total", \
	    "Outcomes that an integrator never heard") \
	M(M_TELLS_SILENT, gauge, "isango_integrators_silent", \
	    "Integrators whose callbackUrls do not answer; the log names them") \
	M(M_LIMIT_REFUSED, counter, "isango_limit_refused_total", "Tokens refused by the monthly limit") \
	M(M_LIMIT_UNREADABLE, counter, "isango_limit_unreadable_total", \
	    "Tokens refused because the limit's record is damaged; isango limit rebuild --phone mends it") \
	M(M_LIMIT_UNCERTAIN, counter, "isango_limit_uncertain_total", \
	    "Steps at a limit that could not be saved, and are tried again") \
	M(M_LIMIT_RETAKEN, counter, "isango_limit_retaken_total", \
	    "Tokens that were given back and counted again: paid out, or turned up late") \
	M(M_LIMIT_PASSED, counter, "isango_limit_passed_total", "Phones that are above their limit by that") \
	M(M_LIMIT_CLOSED_REFUSED, counter, "isango_limit_closed_refused_total", \
	    "Tokens refused while the limits were not known for certain") \
	M(M_TOKENS_CAPPED, counter, "isango_tokens_capped_total", \
	    "Cash-outs of customers and orders of integrators refused by a cap of the day") \
	M(M_LOOKUPS_CAPPED, counter, "isango_lookups_capped_total", \
	    "Look-ups of a recipient refused by the cap of the day") \
	M(M_WALLET_CALLS, counter, "isango_wallet_calls_total", "Calls to wallet cores") \
	M(M_WALLET_REFUSED, counter, "isango_wallet_refused_total", "Calls answered with a refusal") \
	M(M_WALLET_UNKNOWN, counter, "isango_wallet_unknown_total", "Calls without a believable answer") \
	M(M_WALLET_LATER, counter, "isango_wallet_later_total", "Calls answered with a rate limit") \
	M(M_WALLET_LOGINS, counter, "isango_wallet_logins_total", "Service logins at wallet cores") \
	M(M_WALLET_SHUT, counter, "isango_wallet_shut_total", \
	    "Calls refused at once because the wallet core does not answer or wants to be left alone") \
	M(M_WALLET_OPENED, counter, "isango_wallet_opened_total", "Times that a wallet core was given up for a while") \
	M(M_WALLET_OPEN, gauge, "isango_wallet_open", "Wallet cores that do not answer now") \
	M(M_WALLET_FULL, counter, "isango_wallet_full_total", \
	    "Calls refused because too many were waiting for a connection") \
	M(M_WALLET_WAITED, counter, "isango_wallet_waited_total", \
	    "Calls whose time was over before they could be sent") \
	M(M_WALLET_PAUSES, counter, "isango_wallet_pauses_total", \
	    "Times that a wallet core's rate limit was waited out") \
	M(M_STORE_OPS, counter, "isango_store_ops_total", "Redis operations") \
	M(M_STORE_UNKNOWN, counter, "isango_store_unknown_total", "Redis operations without an answer") \
	M(M_STORE_CONFLICTS, counter, "isango_store_conflicts_total", "Commits that found another version") \
	M(M_STORE_LATE, counter, "isango_store_late_total", "Commits that Redis refused after their not-after") \
	M(M_LIMIT_CLOSED, gauge, "isango_limit_closed", \
	    "1 while limits are not believed: Redis failed over, was put back or cannot be looked at") \
	M(M_MONEY_OFF, gauge, "isango_money_off", "1 while nothing new is paid because Redis is short of room") \
	M(M_MONEY_REFUSED, counter, "isango_money_refused_total", "Payments refused while money was off") \
	M(M_STORE_SHORT, counter, "isango_store_short_total", "Commits that too few replicas had in time") \
	M(M_STORE_DAMAGED, counter, "isango_store_damaged_total", "Records that could not be opened") \
	M(M_MESSAGES_PUT, counter, "isango_messages_put_total", "Messages put into the outbox") \
	M(M_MESSAGES_SENT, counter, "isango_messages_sent_total", "Messages accepted by a provider") \
	M(M_MESSAGES_DELIVERED, counter, "isango_messages_delivered_total", "Messages delivered by receipt") \
	M(M_MESSAGES_FAILED, counter, "isango_messages_failed_total", "Messages that failed for good") \
	M(M_MESSAGES_EXPIRED, counter, "isango_messages_expired_total", "Messages too old to send") \
	M(M_MESSAGES_UNKNOWN, counter, "isango_messages_unknown_total", "Submits without an answer") \
	M(M_MESSAGES_RETRIED, counter, "isango_messages_retried_total", "Submits repeated") \
	M(M_MESSAGES_WITHDRAWN, counter, "isango_messages_withdrawn_total", \
	    "Messages not sent because they were not wanted any more") \
	M(M_MESSAGES_OPTED_OUT, counter, "isango_messages_opted_out_total", \
	    "Notices withdrawn because the phone opted out") \
	M(M_MESSAGES_REROUTED, counter, "isango_messages_rerouted_total", "Messages that went on to another route") \
	M(M_MESSAGES_HANDED_OVER, counter, "isango_messages_handed_over_total", \
	    "Messages left to the processes that hold a link of their bind") \
	M(M_TOKENS_RESENT, counter, "isango_tokens_resent_total", \
	    "Tokens sent again, for their customers or by operators") \
	M(M_DEAD_TOKENS, counter, "isango_dead_tokens_total", \
	    "Messages with a token that failed, expired or are unknown") \
	M(M_DEAD_RESULTS, counter, "isango_dead_results_total", \
	    "Results of payments that failed, expired or are unknown") \
	M(M_DEAD_NOTICES, counter, "isango_dead_notices_total", "Notices that failed, expired or are unknown") \
	M(M_RECEIPTS, counter, "isango_receipts_total", "Delivery receipts taken") \
	M(M_RECEIPTS_UNMATCHED, counter, "isango_receipts_unmatched_total", "Delivery receipts that match no message") \
	M(M_CHAT_INPUTS, counter, "isango_chat_inputs_total", "What customers wrote or tapped in chats") \
	M(M_CHAT_REPEATED, counter, "isango_chat_repeated_total", "The same, delivered again") \
	M(M_CHAT_FULL, counter, "isango_chat_full_total", \
	    "Not taken because too many of the same chat wait; the network delivers them again") \
	M(M_CHAT_LATER, counter, "isango_chat_later_total", "Not taken because they could not be stored") \
	M(M_CHAT_ANSWERED, counter, "isango_chat_answered_total", "Answers put into the outbox") \
	M(M_CHAT_FAILED, counter, "isango_chat_failed_total", "Answered with an apology, after trying for long") \
	M(M_CHAT_OLD_TAPS, counter, "isango_chat_old_taps_total", "Taps on a screen that was not the newest") \
	M(M_CHAT_PINS, counter, "isango_chat_pins_total", "What may have been a PIN, typed in a chat") \
	M(M_CHAT_TOO_OLD, counter, "isango_chat_too_old_total", \
	    "Not taken: written too long ago, or before the chat became somebody else's") \
	M(M_CHAT_MOVED, counter, "isango_chat_moved_total", "Chats whose user has another number or identity now") \
	M(M_CHAT_NOT_TOLD, counter, "isango_chat_not_told_total", \
	    "Messages not sent into a chat whose user is another one than before") \
	M(M_CHAT_LINKED, counter, "isango_chat_linked_total", "Chats that were linked to a phone by the code that they showed") \
	M(M_CHAT_HANDED, counter, "isango_chat_handed_total", "Dialogues of chats that went on at the phone, for the PIN") \
	M(M_CHAT_HANDED_LIMITED, counter, "isango_chat_handed_limited_total", \
	    "The same, not begun: it was asked for again and again, and no PIN came") \
	M(M_CHAT_HANDED_TAKEN, counter, "isango_chat_handed_taken_total", "The same, when the phone had dialled") \
	M(M_CHAT_HANDED_LAPSED, counter, "isango_chat_handed_lapsed_total", "The same that came to nothing in time") \
	M(M_CHAT_PUSHES, counter, "isango_chat_pushes_total", "Phones called up for a PIN") \
	M(M_CHAT_PUSHES_LIMITED, counter, "isango_chat_pushes_limited_total", \
	    "Phones not called up because they were called up too often in an hour") \
	M(M_CHAT_TAKEN_OVER, counter, "isango_chat_taken_over_total", "Chats carried on after another process") \
	M(M_INBOUND, counter, "isango_inbound_total", "SMS from customers, each of their parts") \
	M(M_INBOUND_REPEATED, counter, "isango_inbound_repeated_total", \
	    "SMS or parts that came again and did nothing") \
	M(M_INBOUND_PARTS_REFUSED, counter, "isango_inbound_parts_refused_total", \
	    "Parts of long SMS that fit nothing, or of too many at once") \
	M(M_INBOUND_UNKNOWN, counter, "isango_inbound_unknown_total", "SMS to a number that no channel has") \
	M(M_INBOUND_UNANSWERABLE, counter, "isango_inbound_unanswerable_total", \
	    "SMS from what is no phone, or from a number of ours") \
	M(M_INBOUND_LATER, counter, "isango_inbound_later_total", \
	    "SMS, and receipts beyond those waiting, that the SMSC was asked to deliver again") \
	M(M_INBOUND_STOPS, counter, "isango_inbound_stops_total", "Phones that want no notices any more") \
	M(M_INBOUND_STARTS, counter, "isango_inbound_starts_total", "Phones that want notices again") \
	M(M_INBOUND_MENU, counter, "isango_inbound_menu_total", "SMS given to the menu by SMS") \
	M(M_INBOUND_PINS, counter, "isango_inbound_pins_total", "SMS that may have been a PIN") \
	M(M_INBOUND_ANSWERED, counter, "isango_inbound_answered_total", "Answers put into the outbox") \
	M(M_INBOUND_LIMITED, counter, "isango_inbound_limited_total", "SMS not answered: the same again, or too many") \
	M(M_SMPP_LINKS_BOUND, gauge, "isango_smpp_links_bound", "SMPP links that are bound now") \
	M(M_LINK_SLOTS_HELD, gauge, "isango_link_slots_held", "Links of all binds that this process holds") \
	M(M_LINK_SLOTS_TAKEN_OVER, counter, "isango_link_slots_taken_over_total", \
	    "Links taken over from a process that fell silent") \
	M(M_LINK_SLOTS_LOST, counter, "isango_link_slots_lost_total", \
	    "Links let go because their lease could not be renewed") \
	M(M_SMPP_BINDS, counter, "isango_smpp_binds_total", "Binds that succeeded") \
	M(M_SMPP_BINDS_REFUSED, counter, "isango_smpp_binds_refused_total", "Binds that the SMSC refused") \
	M(M_SMPP_LINKS_LOST, counter, "isango_smpp_links_lost_total", "Links lost") \
	M(M_SMPP_PDUS_IN, counter, "isango_smpp_pdus_in_total", "PDUs read") \
	M(M_SMPP_PDUS_OUT, counter, "isango_smpp_pdus_out_total", "PDUs written") \
	M(M_SMPP_PDUS_BAD, counter, "isango_smpp_pdus_bad_total", "PDUs that could not be decoded") \
	M(M_SMPP_WINDOW_FULL, counter, "isango_smpp_window_full_total", \
	    "Tries to submit that found the window full; screens try again every 50 ms") \
	M(M_SMPP_TIMEOUTS, counter, "isango_smpp_timeouts_total", "SMPP requests without a response in time") \
	M(M_SMS_TOO_LONG, counter, "isango_sms_too_long_total", \
	    "Messages refused because they need more parts than the bind allows") \
	M(M_SMS_PARTS, counter, "isango_sms_parts_total", "Parts of messages accepted by an SMSC") \
	M(M_SMS_HTTP_CALLS, counter, "isango_sms_http_calls_total", "Messages handed to providers over HTTP") \
	M(M_SMS_HTTP_REFUSED, counter, "isango_sms_http_refused_total", "Those whose recipient or text was refused") \
	M(M_SMS_HTTP_SLOW, counter, "isango_sms_http_slow_total", "Those answered with: slower, or not now") \
	M(M_SMS_HTTP_SHUT, counter, "isango_sms_http_shut_total", \
	    "Those refused because of our account, credit or configuration") \
	M(M_SMS_CHANNELS_SHUT, gauge, "isango_sms_channels_shut", \
	    "Channels whose provider refuses our account now; readiness and the log name them") \
	M(M_SMS_HTTP_UNKNOWN, counter, "isango_sms_http_unknown_total", "Those without a believable answer") \
	M(M_SMS_HTTP_OPT_OUTS, counter, "isango_sms_http_opt_outs_total", \
	    "Phones of which a provider said that they want nothing from us") \
	M(M_SMS_CALLBACKS, counter, "isango_sms_callbacks_total", "Requests of SMS providers that were read") \
	M(M_SMS_CALLBACKS_REFUSED, counter, "isango_sms_callbacks_refused_total", \
	    "Those refused for their signature, key, address or form") \
	M(M_SMS_CALLBACKS_ODD, counter, "isango_sms_callbacks_odd_total", "Those that could not be understood") \
	M(M_SMPP_THROTTLED, counter, "isango_smpp_throttled_total", "Submits that an SMSC answered with: slower") \
	M(M_SMPP_REBINDS, counter, "isango_smpp_rebinds_total", "Links bound again since an answer said: not bound") \
	M(M_SMPP_PDUS_ODD, counter, "isango_smpp_pdus_odd_total", \
	    "PDUs that were read but are not as the standard says") \
	M(M_SMPP_GRACES, counter, "isango_smpp_graces_total", "Deadlines put off after our own loop stood still") \
	M(M_USSD_TOO_LONG, counter, "isango_ussd_too_long_total", "Screens that did not fit the channel and were cut") \
	M(M_USSD_OP_UNKNOWN, counter, "isango_ussd_op_unknown_total", "USSD messages with an unknown op") \
	M(M_USSD_CODE_UNKNOWN, counter, "isango_ussd_code_unknown_total", "USSD messages to a code that is nobody's") \
	M(M_USSD_LOST, counter, "isango_ussd_lost_total", "USSD inputs of a dialogue that nobody knows any more") \
	M(M_USSD_SCREENS_LOST, counter, "isango_ussd_screens_lost_total", "Screens over SMPP that could not be sent") \
	M(M_USSD_ENDED_EARLY, counter, "isango_ussd_ended_early_total", \
	    "Dialogues ended before their answer was there") \
	M(M_USSD_HTTP_UNPROVEN, counter, "isango_ussd_http_unproven_total", \
	    "USSD requests over HTTP whose address, key or signature is not good") \
	M(M_USSD_HTTP_BAD, counter, "isango_ussd_http_bad_total", \
	    "USSD requests over HTTP that are not as their dialect says") \
	M(M_USSD_HTTP_LATE, counter, "isango_ussd_http_late_total", \
	    "USSD requests over HTTP that were answered before their turn was over, at the provider's deadline") \
	M(M_USSD_PUSHES, counter, "isango_ussd_pushes_total", "Dialogues that we began at a phone") \
	M(M_USSD_PUSHES_FAILED, counter, "isango_ussd_pushes_failed_total", \
	    "Those that were refused or could not be sent") \
	M(M_HTTP_REQUESTS, counter, "isango_http_requests_total", "HTTP requests read") \
	M(M_HTTP_REFUSED, counter, "isango_http_refused_total", "HTTP requests refused for their form, size or key") \
	M(M_HTTP_CONNECTIONS, gauge, "isango_http_connections", "HTTP connections open now") \
	M(M_HTTP_CLOSED_SLOW, counter, "isango_http_closed_slow_total", \
	    "HTTP connections closed for slowness or at the cap") \
	M(M_OPERATOR_STRANGERS, counter, "isango_operator_strangers_total", \
	    "Requests to the operators' listener without a token of one") \
	M(M_HTTP_UNFINISHED, counter, "isango_http_unfinished_total", \
	    "HTTP requests that never became whole, or that could not be read as one") \
	M(M_HTTP_ACCEPT_FAILED, counter, "isango_http_accept_failed_total", \
	    "Times that connections could not be accepted, as without a free descriptor") \
	M(M_HTTP_FORWARDED_BAD, counter, "isango_http_forwarded_bad_total", \
	    "HTTP requests refused because the proxy's header names no client") \
	M(M_RATE_PHONE, counter, "isango_rate_phone_total", "Requests refused because one phone sends too many") \
	M(M_RATE_CHANNEL, counter, "isango_rate_channel_total", "Requests refused because one channel sends too many") \
	M(M_RATE_TENANT, counter, "isango_rate_tenant_total", "Requests refused because one tenant's channels send too many") \
	M(M_RATE_INTEGRATOR, counter, "isango_rate_integrator_total", "Calls refused because one integrator makes too many") \
	M(M_RATE_PHONES, gauge, "isango_rate_phones", "Phones whose requests are counted now") \
	M(M_RATE_PHONES_DROPPED, counter, "isango_rate_phones_dropped_total", \
	    "Phones whose count was forgotten too early because others needed the room") \
	M(M_TLS_SECONDS_LEFT, gauge, "isango_tls_certificate_seconds", \
	    "Seconds until the certificate of listen.tls ends; negative: since it did") \
	M(M_TLS_RELOADS, counter, "isango_tls_reloads_total", "Certificates taken while serving") \
	M(M_TLS_RELOADS_REFUSED, counter, "isango_tls_reloads_refused_total", \
	    "New certificates not taken: the one before stays in force") \
	M(M_TLS_HANDSHAKES_FAILED, counter, "isango_tls_handshakes_failed_total", \
	    "Connections to listen.channels that ended without TLS") \
	M(M_WA_WEBHOOKS, counter, "isango_whatsapp_webhooks_total", "Webhooks of WhatsApp taken whole") \
	M(M_WA_WEBHOOKS_REFUSED, counter, "isango_whatsapp_webhooks_refused_total", \
	    "Webhooks without a good signature, too large or not readable, and wrong verify tokens") \
	M(M_WA_WEBHOOKS_LATER, counter, "isango_whatsapp_webhooks_later_total", \
	    "Webhooks that are to be sent again because not all of them could be stored") \
	M(M_WA_INPUTS, counter, "isango_whatsapp_inputs_total", "Messages of customers on WhatsApp, repetitions too") \
	M(M_WA_STATUSES, counter, "isango_whatsapp_statuses_total", "Statuses of messages on WhatsApp") \
	M(M_WA_FAILED, counter, "isango_whatsapp_failed_total", "Statuses that say that a message failed") \
	M(M_WA_ERRORS, counter, "isango_whatsapp_errors_total", "Errors in webhooks about a number or an account") \
	M(M_WA_IGNORED, counter, "isango_whatsapp_ignored_total", \
	    "Parts of webhooks that nobody needs, such as reactions") \
	M(M_WA_STRANGERS, counter, "isango_whatsapp_strangers_total", \
	    "Parts of webhooks about numbers that are no channel, or from people who cannot be written to") \
	M(M_WA_REFUSED, counter, "isango_whatsapp_refused_total", "Calls to WhatsApp that were answered with an error") \
	M(M_WA_THROTTLED, counter, "isango_whatsapp_throttled_total", "Those that said: slower, for the whole number") \
	M(M_WA_PAIR_WAITS, counter, "isango_whatsapp_pair_waits_total", \
	    "Messages put off because a customer had got too many") \
	M(M_WA_TEMPLATES, counter, "isango_whatsapp_templates_total", "Messages sent in a template") \
	M(M_WA_WINDOW_OVER, counter, "isango_whatsapp_window_over_total", \
	    "Messages not sent since the customer has not written for 24 hours and no template fits") \
	M(M_WA_STOPS, counter, "isango_whatsapp_stops_total", "Times that the token or the account was refused") \
	M(M_WA_STOPPED, gauge, "isango_whatsapp_stopped", "Numbers that cannot send now because of that; see the log") \
	M(M_WA_MARKS, counter, "isango_whatsapp_read_marks_total", "Read marks sent") \
	M(M_WA_MARKS_FAILED, counter, "isango_whatsapp_read_marks_failed_total", "Read marks that were not taken") \
	M(M_WA_MARKS_LEFT_OUT, counter, "isango_whatsapp_read_marks_left_out_total", \
	    "Read marks left out because too many were under way, or the number had to pause") \
	M(M_LOOP_LAG_MS, gauge, "isango_loop_lag_ms", "Worst lateness of the loop's timer in the last second")

enum metric {
#define M(constant, type, name, help) constant,
	METRICS(M)
#undef M
	METRIC_COUNT
};
