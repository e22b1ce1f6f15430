/**
 * Begins to listen at `::1` of the network namespace it is started in, and then becomes the given command, which has the
 * listening socket as the open file that the variable LISTENER names. A socket stays in the namespace it was made in.
 */
export const listenScript = `my ($port, @command) = @ARGV;
$^F = 255;
socket(my $listener, 10, 1, 6) or refuse();
setsockopt($listener, 1, 2, pack("i", 1)) or refuse();
bind($listener, pack("SnNx15CL", 10, $port, 0, 1, 0)) or refuse();
listen($listener, 128) or refuse();
$ENV{LISTENER} = fileno($listener);
exec { $command[0] } @command or die "$command[0]: $!\\n";

sub refuse {
  print $! == 98 ? "in_use\\n" : "impossible $!\\n";
  exit 0;
}
`;

/**
 * Relays what connects to the socket LISTENER to a port of `::1` in its own network namespace. Ends with its standard input.
 *
 * Each end of a connection has what is still to be written to it, and no more is read for it meanwhile. With select(2), whose
 * sets have room for 1024 files: so many connections are served at once, and the next ones wait to be accepted.
 */
export const relayScript = `use strict;
my ($port) = @ARGV;
my ($most, $bound) = (256, 65536);
my ($again, $interrupted, $underWay) = (11, 4, 115);
my %ends;
open(my $listener, "+<&=", $ENV{LISTENER}) or die "$!\\n";
unblock($listener);
$SIG{PIPE} = "IGNORE";
$| = 1;
print "ready\\n";

while (1) {
  my ($read, $write) = ("", "");
  vec($read, 0, 1) = 1;
  vec($read, fileno($listener), 1) = 1 if keys(%ends) < 2 * $most;
  while (my ($number, $end) = each %ends) {
    vec($read, $number, 1) = 1 if !$end->{ended} && !$end->{connects} && length($ends{$end->{other}}{out}) < $bound;
    vec($write, $number, 1) = 1 if $end->{connects} || length $end->{out};
  }
  next if select($read, $write, undef, undef) < 0;
  exit 0 if vec($read, 0, 1);
  for my $number (keys %ends) {
    pour($number) if $ends{$number} && vec($write, $number, 1);
    take($number) if $ends{$number} && vec($read, $number, 1);
  }
  # Last, because a new connection may get the number of one that has just ended.
  greet() if vec($read, fileno($listener), 1);
}

sub greet {
  # Without files to open it rests a moment: what waits would be told of again and again.
  accept(my $client, $listener) or return passing() || select(undef, undef, undef, 0.1);
  socket(my $server, 10, 1, 6) or return;
  for ($client, $server) {
    unblock($_);
    setsockopt($_, 6, 1, pack("i", 1));
  }
  my ($here, $there) = (fileno($client), fileno($server));
  my $isThere = connect($server, pack("SnNx15CL", 10, $port, 0, 1, 0));
  my $refused = !$isThere && $! != $underWay;
  $ends{$here} = { handle => $client, other => $there, out => "" };
  $ends{$there} = { handle => $server, other => $here, out => "", connects => !$isThere };
  cut($here) if $refused;
}

sub pour {
  my ($number) = @_;
  my $end = $ends{$number};
  if ($end->{connects}) {
    return cut($number) if unpack("i", getsockopt($end->{handle}, 1, 4));
    $end->{connects} = 0;
  }
  if (length $end->{out}) {
    my $written = syswrite($end->{handle}, $end->{out});
    return passing() || cut($number) if !defined $written;
    substr($end->{out}, 0, $written, "");
  }
  finish($number);
}

sub take {
  my ($number) = @_;
  my $end = $ends{$number};
  my $other = $ends{$end->{other}};
  my $count = sysread($end->{handle}, $other->{out}, $bound, length $other->{out});
  return passing() || cut($number) if !defined $count;
  $end->{ended} = 1 if $count == 0;
  $other->{connects} || pour($end->{other});
}

# The end of what one side sends is passed on once all of it has been; the other direction goes on.
sub finish {
  my ($number) = @_;
  my $end = $ends{$number};
  my $other = $ends{$end->{other}};
  return if $end->{isShut} || length $end->{out} || !$other->{ended};
  shutdown($end->{handle}, 1);
  $end->{isShut} = 1;
  delete @ends{$number, $end->{other}} if $other->{isShut};
}

# With a reset, so that neither side takes it for a proper end.
sub cut {
  my ($number) = @_;
  for my $end (delete @ends{$number, $ends{$number}{other}}) {
    setsockopt($end->{handle}, 1, 13, pack("ii", 1, 0));
    close($end->{handle});
  }
}

sub passing { return $! == $again || $! == $interrupted }

sub unblock { fcntl($_[0], 4, 2048 | fcntl($_[0], 3, 0)) }
`;
