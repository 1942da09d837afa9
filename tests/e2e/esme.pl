#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# An ESME made of Net::SMPP, which shares no code with isango: it proves the sandbox's SMSC, which other tests trust.
# usage: esme.pl PORT SYSTEM_ID PASSWORD transceiver|transmitter|receiver
# It answers what comes. Orders come on standard input, one a line; each PDU is told on standard output as a line of JSON.
#
#   sms TO ESM_CLASS CODING HEX                    submit_sm with a receipt wanted
#   screen TO CODE SESSION SEQUENCE OP TEXT        submit_sm of USSD
#   enquire     unbind
use strict;
use warnings;
use IO::Select;
use Net::SMPP;

$| = 1;
my ($port, $system_id, $password, $mode) = @ARGV;
my $new = "new_$mode";
my ($link, $bound) = Net::SMPP->$new('127.0.0.1', port => $port, system_id => $system_id, password => $password,
	system_type => '', smpp_version => 0x34, interface_version => 0x34);

sub say_json {
	my %fields = @_;
	print '{' . join(',', map { qq("$_":") . ($fields{$_} // '') . '"' } sort keys %fields) . "}\n";
}

exit 1 unless $link;
say_json(pdu => 'bound', status => $bound->{status}, system_id => $bound->{system_id});

my %answer = (
	0x80000004 => sub { say_json(pdu => 'submit_sm_resp', seq => $_[0]{seq}, status => $_[0]{status}, id => $_[0]{message_id}) },
	0x00000005 => sub {
		my $pdu = shift;
		my $id = $pdu->{receipted_message_id} // '';
		$id =~ tr/\0//d;
		say_json(pdu => 'deliver_sm', from => $pdu->{source_addr}, to => $pdu->{destination_addr},
			esm_class => $pdu->{esm_class}, service_type => $pdu->{service_type}, text => unpack('H*', $pdu->{short_message}),
			op => unpack('H*', $pdu->{ussd_service_op} // ''), its => unpack('H*', $pdu->{its_session_info} // ''),
			receipted => $id, state => unpack('H*', $pdu->{message_state} // ''));
		$link->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
	},
	0x00000015 => sub { $link->enquire_link_resp(seq => $_[0]{seq}) },
	0x80000015 => sub { say_json(pdu => 'enquire_link_resp') },
	0x80000006 => sub { say_json(pdu => 'unbind_resp') },
	0x80000000 => sub { say_json(pdu => 'generic_nack', status => $_[0]{status}) },
);

sub submit {
	my $seq = $link->submit_sm(async => 1, dest_addr_ton => 1, dest_addr_npi => 1, @_);
	say_json(pdu => 'submitted', seq => $seq);
}

my %order = (
	sms => sub {
		my ($to, $esm_class, $coding, $hex) = split / /, $_[0];
		submit(destination_addr => $to, source_addr => 'ACME', source_addr_ton => 5, esm_class => $esm_class,
			data_coding => $coding, registered_delivery => 1, short_message => pack('H*', $hex));
	},
	screen => sub {
		my ($to, $code, $session, $sequence, $op, $text) = split / /, $_[0], 6;
		submit(destination_addr => $to, source_addr => $code, service_type => 'USSD', short_message => $text,
			ussd_service_op => chr $op, its_session_info => chr($session) . chr $sequence);
	},
	enquire => sub { $link->enquire_link(async => 1) },
	unbind => sub { $link->unbind(async => 1) },
);

my $select = IO::Select->new($link, \*STDIN);
while (1) {
	for my $ready ($select->can_read) {
		if ($ready == $link) {
			my $pdu = $link->read_pdu;
			if (!$pdu) {
				say_json(pdu => 'closed');
				exit 0;
			}
			$answer{$pdu->{cmd}}->($pdu) if $answer{$pdu->{cmd}};
		} else {
			exit 0 unless sysread STDIN, my $lines, 65536;
			for (split /\n/, $lines) {
				my ($name, $rest) = split / /, $_, 2;
				$order{$name}->($rest);
			}
		}
	}
}
