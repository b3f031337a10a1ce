# SPDX-License-Identifier: GPL-2.0-or-later
# poll_server.pl poll|select
# A server's loop in Perl, on IO::Poll or IO::Select, that listens; a child asks each 70 ms, and at each
# tenth line the server sleeps 300 ms.
# Right: sleep, 300 ms. Perl's lines are not read: the place is native.
use strict;
use warnings;
use IO::Poll qw(POLLIN);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(clock_gettime usleep CLOCK_MONOTONIC);

$| = 1;
my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die;
my $port = $listener->sockport;
if (!fork) {
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die;
    while (1) { syswrite $sock, "x"; sysread $sock, my $got, 10; usleep(70_000); }
}
my ($poll, $select, $lines) = (IO::Poll->new, IO::Select->new($listener), 0);
$poll->mask($listener => POLLIN);
while (1) {
    my @ready = $ARGV[0] eq 'poll' ? do { $poll->poll(1); $poll->handles(POLLIN) } : $select->can_read(1);
    for my $sock (@ready) {
        if ($sock == $listener) {
            my $peer = $listener->accept;
            $select->add($peer);
            $poll->mask($peer => POLLIN);
            next;
        }
        sysread $sock, my $data, 100;
        if (++$lines % 10 == 0) {
            my $start = clock_gettime(CLOCK_MONOTONIC);
            usleep(300_000);
            printf "T sleep %d %.3f\n", $start * 1e9, (clock_gettime(CLOCK_MONOTONIC) - $start) * 1e3;
        }
        syswrite $sock, "y";
    }
}
