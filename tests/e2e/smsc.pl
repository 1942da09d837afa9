#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# An SMSC made of Net::SMPP, which shares no code with isango: what both understand is SMPP and no misunderstanding of ours.
# It does nothing by itself but answer. Orders come on standard input, one a line; each PDU that arrives is told on
# standard output as a line of JSON, as is the port once it listens.
#
#   ussd FROM CODE SESSION SEQUENCE OP TEXT     deliver_sm of a USSD gateway (its_session_info, ussd_service_op)
#   receipt ID STAT FROM TO                     deliver_sm with a delivery receipt
#   flood N FROM TO                             N receipts at once, each for another message that nobody has sent
#   sms FROM TO TEXT                            deliver_sm of a customer's SMS
#   enquire                                     enquire_link
#   raw HEX                                     these octets as they are
#   refuse STATUS N                             the next N submits are refused
#   drop                                        closes the link
use strict;
use warnings;
use IO::Select;
use Net::SMPP;

$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($want_id, $want_password) = @ARGV;
my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0, smpp_version => 0x34) or die "listen: $!";
my ($link, $ids, $refuse_status, $refuse) = (undef, 0, 0, 0);
my $select = IO::Select->new($listener, \*STDIN);

sub say_json {
	my %fields = @_;
	print '{' . join(',', map { qq("$_":") . ($fields{$_} // '') . '"' } sort keys %fields) . "}\n";
}

sub drop {
	return unless $link;
	$select->remove($link);
	close $link;
	undef $link;
	say_json(pdu => 'closed');
}

my %answer = (
	0x00000009 => sub {
		my $pdu = shift;
		my $good = $pdu->{system_id} eq $want_id && $pdu->{password} eq $want_password;
		say_json(pdu => 'bind', system_id => $pdu->{system_id}, version => $pdu->{interface_version}, good => $good ? 1 : 0);
		$link->bind_transceiver_resp(seq => $pdu->{seq}, status => $good ? 0 : 0x0e, system_id => 'perl');
	},
	0x00000004 => sub {
		my $pdu = shift;
		my $id = sprintf('%08x', ++$ids);
		my $status = $refuse-- > 0 ? $refuse_status : 0;
		say_json(pdu => 'submit_sm', seq => $pdu->{seq}, id => $id, status => $status, to => $pdu->{destination_addr},
			from => $pdu->{source_addr}, from_ton => $pdu->{source_addr_ton}, service_type => $pdu->{service_type},
			data_coding => $pdu->{data_coding}, esm_class => $pdu->{esm_class}, receipt => $pdu->{registered_delivery},
			validity => $pdu->{validity_period}, text => unpack('H*', $pdu->{short_message}),
			op => unpack('H*', $pdu->{ussd_service_op} // ''), its => unpack('H*', $pdu->{its_session_info} // ''));
		$link->submit_sm_resp(seq => $pdu->{seq}, status => $status, message_id => $status ? '' : $id);
	},
	0x80000005 => sub {
		my $pdu = shift;
		say_json(pdu => 'deliver_sm_resp', seq => $pdu->{seq}, status => $pdu->{status});
	},
	0x00000015 => sub {
		my $pdu = shift;
		say_json(pdu => 'enquire_link');
		$link->enquire_link_resp(seq => $pdu->{seq});
	},
	0x80000015 => sub { say_json(pdu => 'enquire_link_resp') },
	0x80000000 => sub { say_json(pdu => 'generic_nack', status => $_[0]{status}) },
	0x00000006 => sub {
		my $pdu = shift;
		say_json(pdu => 'unbind');
		$link->unbind_resp(seq => $pdu->{seq});
	},
);

sub deliver {
	return say_json(pdu => 'no link') unless $link;
	my $seq = $link->deliver_sm(async => 1, source_addr_ton => 1, source_addr_npi => 1, @_);
	say_json(pdu => 'delivered', seq => $seq);
}

sub receipt_of {
	my ($id, $stat) = @_;
	return "id:$id sub:001 dlvrd:001 submit date:2611211200 done date:2611211201 stat:$stat err:000 text:x";
}

my %order = (
	ussd => sub {
		my ($from, $code, $session, $sequence, $op, $text) = split / /, $_[0], 6;
		deliver(service_type => 'USSD', source_addr => $from, destination_addr => $code, short_message => $text // '',
			ussd_service_op => chr $op, its_session_info => chr($session) . chr($sequence << 1));
	},
	receipt => sub {
		my ($id, $stat, $from, $to) = split / /, $_[0];
		deliver(source_addr => $from, destination_addr => $to, esm_class => 4, short_message => receipt_of($id, $stat));
	},
	flood => sub {
		my ($n, $from, $to) = split / /, $_[0];
		for my $k (1 .. $n) {
			$link->deliver_sm(async => 1, source_addr_ton => 1, source_addr_npi => 1, source_addr => $from,
				destination_addr => $to, esm_class => 4, short_message => receipt_of(sprintf('f%07x', $k), 'UNDELIV'));
		}
	},
	sms => sub {
		my ($from, $to, $text) = split / /, $_[0], 3;
		deliver(source_addr => $from, destination_addr => $to, short_message => $text);
	},
	enquire => sub { $link->enquire_link(async => 1) if $link },
	raw => sub { $link->syswrite(pack 'H*', $_[0]) if $link },
	refuse => sub { ($refuse_status, $refuse) = split / /, $_[0] },
	drop => \&drop,
);

say_json(pdu => 'port', port => $listener->sockport);
while (1) {
	for my $ready ($select->can_read) {
		if ($ready == $listener) {
			drop();
			$link = $listener->accept;
			$select->add($link);
		} elsif ($link && $ready == $link) {
			my $pdu = $link->read_pdu;
			if ($pdu && $answer{$pdu->{cmd}}) { $answer{$pdu->{cmd}}->($pdu) } elsif (!$pdu) { drop() }
		} else {
			exit 0 unless sysread STDIN, my $lines, 65536;
			for (split /\n/, $lines) {
				my ($name, $rest) = split / /, $_, 2;
				$order{$name}->($rest);
			}
		}
	}
}
