/**
 * Deletes entries of the kernel's connection tracking, through netlink itself; see linux/netfilter/nfnetlink_conntrack.h. In
 * Perl, as the questions to btrfs: Node has no netlink sockets, and conntrack(8) is on few machines.
 *
 * Of UDP over IPv4 alone. Each argument is what an entry must have: where its first packet was sent to, that port, and who
 * answers, each of the addresses or `*`, in one word with slashes between.
 */
export const forgetScript = `my %wanted = map { $_ => 1 } @ARGV;
my ($get, $delete, $udp, $inet) = (0x101, 0x102, 17, 2);
socket(my $netlink, 16, 3, 12) or die "$!\\n";

# A kernel before 5.8 passes over the filter and tells of all, so the answers are looked at as well.
my $isUdp = attribute(0x8001, attribute(0x8002, attribute(1, pack("C", $udp))));
my $byProtocol = attribute(0x8019, attribute(1, pack("L", 8)) . attribute(2, pack("L", 0)));
my @found = ask($get, 0x301, $isUdp . $byProtocol);
for (@found) {
  my %entry = attributes($_);
  my ($to, $port, $protocol) = (tuple($entry{1}))[1, 2, 3];
  next if $protocol != $udp;
  my ($from) = tuple($entry{2});
  next unless grep { $wanted{$_} } "*/$port/*", "$to/$port/*", "$to/$port/$from";
  # With its zone and number, so that it can be no other.
  my @names = (1, grep { defined $entry{$_} } 12, 18);
  ask($delete, 5, join "", map { attribute($_ == 1 ? 0x8001 : $_, $entry{$_}) } @names);
}

sub ask {
  my ($type, $flags, $attributes) = @_;
  my $body = pack("CCn", $inet, 0, 0) . $attributes;
  send($netlink, pack("LSSLL", 16 + length($body), $type, $flags, 1, 0) . $body, 0) or die "$!\\n";
  my @answers;
  while (1) {
    defined recv($netlink, my $buffer, 1 << 20, 0) or die "$!\\n";
    for (my $at = 0; $at < length($buffer);) {
      my ($length, $kind) = unpack("x\${at}LS", $buffer);
      my $answer = substr($buffer, $at + 16, $length - 16);
      $at += ($length + 3) & ~3;
      return @answers if $kind == 3;
      # An error, or the number 0 for none; it is no error that the entry has ended by itself.
      if ($kind == 2) {
        $! = -unpack("l", $answer);
        $! == 0 || $! == 2 or die "$!\\n";
        return @answers;
      }
      push @answers, substr($answer, 4);
    }
  }
}

sub attribute {
  my ($type, $value) = @_;
  return pack("SS", 4 + length($value), $type) . $value . ("\\0" x (-length($value) % 4));
}

sub attributes {
  my ($bytes, %found) = @_;
  for (my $at = 0; $at < length($bytes);) {
    my ($length, $type) = unpack("x\${at}SS", $bytes);
    $found{$type & 0x3fff} = substr($bytes, $at + 4, $length - 4);
    $at += ($length + 3) & ~3;
  }
  return %found;
}

# Source, destination, port of the destination, protocol.
sub tuple {
  my %tuple = attributes($_[0]);
  my (%ip, %protocol);
  %ip = attributes($tuple{1});
  %protocol = attributes($tuple{2});
  my ($from, $to) = map { join ".", unpack("C4", $ip{$_}) } 1, 2;
  return ($from, $to, defined $protocol{3} ? unpack("n", $protocol{3}) : 0, unpack("C", $protocol{1}));
}
`;
