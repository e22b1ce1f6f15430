/**
 * Copying and deleting files as the kernel has them, in Perl for the reason that `kernel-scripts.ts` gives. cp(1) and rm(1)
 * know nothing of the flags of chattr(1), copy whatever a nested subvolume or a mount holds, and stop at long paths. Every
 * directory is opened below the one it lies in, through no link and no mount.
 */

/**
 * Numbers of system calls that Perl has no function for. Each of them takes a path; those through /proc/self/fd begin at a
 * directory that is open.
 */
const systemCalls = [
  "statx",
  "utimensat",
  "llistxattr",
  "lgetxattr",
  "lsetxattr",
  "lremovexattr",
  "mknodat",
  "lchownat",
];
const numbers = process.arch === "x64" ? [332, 280, 195, 192, 189, 198, 259, 260] : [291, 88, 12, 9, 6, 15, 33, 54];
const table = systemCalls.map((name, index) => `${name} => ${numbers[index]}`).join(", ");

const common = `use Fcntl qw(:DEFAULT :mode :seek);
my %call = (${table}, openat2 => 437);
my ($here, $noFollow) = (-100, 0x100);
my ($immutable, $appendOnly) = (0x8, 0x10);

sub at { return "/proc/self/fd/" . fileno($_[0]) . "/$_[1]" }

# O_CLOEXEC is left out, for Perl sets it. RESOLVE_NO_XDEV, RESOLVE_NO_SYMLINKS and RESOLVE_BENEATH of openat2(2).
sub enter {
  my ($folder, $name) = @_;
  my $how = pack("Q3", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, 0x1 | 0x4 | 0x8);
  my $number = syscall($call{openat2}, fileno($folder), $name, $how, 24);
  return undef if $number < 0;
  open(my $directory, "<&=", $number) or return undef;
  return $directory;
}

sub names {
  my ($directory) = @_;
  opendir(my $list, "/proc/self/fd/" . fileno($directory)) or fail("A folder could not be read");
  my @names = grep { $_ ne "." && $_ ne ".." } readdir($list);
  closedir($list);
  return @names;
}

# FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR: unlike the older pair they leave the kind of compression alone.
sub attributes {
  my $flags = "\\0" x 28;
  ioctl($_[0], 0x801C581F, $flags) or return undef;
  return $flags;
}

sub flagged {
  my ($file, $mask) = @_;
  return unpack("L", attributes($file) // return 0) & $mask;
}

sub setFlags {
  my ($file, $mask, $value) = @_;
  my $flags = attributes($file) or return 0;
  my $now = unpack("L", $flags);
  return 1 if ($now & $mask) == $value;
  return ioctl($file, 0x401C5820, pack("L", ($now & ~$mask) | $value) . substr($flags, 4));
}
`;

/**
 * Copy files and folders with owners, modes, times, attributes, flags, links between them, holes and devices, sharing the
 * data. Places of nested subvolumes stay empty. Arguments: a folder to copy into, and for each thing the folder it lies in,
 * its name in hexadecimal, and the name of the copy.
 */
export const copyScript = `${common}
# Of FS_IOC_SETFLAGS: not compressed, not copied on write, written at once. Of the other pair: immutable, append-only, synchronous,
# no time of access, not dumped.
my ($early, $late) = (0x400 | 0x10000 | 0x800000, 0x8 | 0x10 | 0x20 | 0x40 | 0x80);
umask 0;

open(my $stage, "<", shift @ARGV) or fail("The folder for copies could not be opened");
my $several = "several";
mkdir(at($stage, $several), 0700) or fail("The folder for links could not be made");
my $shared = enter($stage, $several) or fail("The folder for links could not be opened");
my ($count, %linked, @later) = (0);
while (my ($folder, $hex, $as) = splice(@ARGV, 0, 3)) {
  open(my $source, "<", $folder) or fail("A folder could not be opened");
  copy($source, pack("H*", $hex), $stage, $as);
}
# A file with a flag against it takes no other name and gives up none.
for my $name (values %linked) {
  sysopen(my $file, at($shared, $name), O_RDONLY | O_NONBLOCK | O_NOFOLLOW) if exists $later[$name];
  unlink(at($shared, $name)) or fail("A link could not be removed");
  setFlags($file, $late, $later[$name]) or fail("Flags could not be set") if $file;
}
rmdir(at($stage, $several)) or fail("The folder for links could not be removed");

sub copy {
  my ($from, $name, $to, $as) = @_;
  my ($source, $target) = (at($from, $name), at($to, $as));
  my $stat = "\\0" x 256;
  syscall($call{statx}, $here, $source, $noFollow, 0x7FF, $stat) == 0 or fail("A file could not be looked at", $name);
  my ($links, $uid, $gid, $mode, $inode, $size, @rest) = unpack("x16L3Sx2Q2x16qLx36qLx4L4", $stat);
  my @times = @rest[0 .. 3];
  my ($major, $minor, @device) = @rest[4 .. 7];
  # 256 is the root of a subvolume, 2 the place of one that a snapshot has without it.
  if (S_ISDIR($mode) && ($inode == 256 || $inode == 2)) {
    mkdir($target, 0755) or fail("A folder could not be made", $name);
    return;
  }
  my $number;
  if ($links > 1 && !S_ISDIR($mode)) {
    my $key = "@device $inode";
    my $known = $linked{$key};
    if (defined $known) {
      link(at($shared, $known), $target) or fail("A link could not be made", $name);
      return;
    }
    $number = $linked{$key} = $count++;
  }
  my $place = defined $number ? at($shared, $number) : $target;
  my ($reader, $writer);
  if (S_ISDIR($mode)) {
    $reader = enter($from, $name) or fail("A folder could not be opened", $name);
    mkdir($place, 0700) or fail("A folder could not be made", $name);
    $writer = enter($to, $as) or fail("A folder could not be opened", $name);
    copy($reader, $_, $writer, $_) for names($reader);
  } elsif (S_ISREG($mode)) {
    sysopen($reader, $source, O_RDONLY | O_NOFOLLOW) or fail("A file could not be opened", $name);
    sysopen($writer, $place, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600) or fail("A file could not be made", $name);
  } elsif (S_ISLNK($mode)) {
    my $leads = readlink($source) // fail("A link could not be read", $name);
    symlink($leads, $place) or fail("A link could not be made", $name);
  } else {
    my $device = ($minor & 0xFF) | ($major << 8) | (($minor & ~0xFF) << 12);
    syscall($call{mknodat}, $here, $place, $mode, $device) == 0 or fail("A special file could not be made", $name);
  }
  # Whether a file is copied on write is settled while it is empty.
  copyEarlyFlags($reader, $writer, $name) if $writer;
  share($reader, $writer, $size, $name) if S_ISREG($mode) && $size > 0;
  # In this order: each takes away, or changes, some of those that follow.
  syscall($call{lchownat}, $here, $place, $uid, $gid, $noFollow) == 0 or fail("An owner could not be set", $name);
  S_ISLNK($mode) or chmod($mode & 07777, $place) or fail("A mode could not be set", $name);
  copyAttributes($source, $place, $name);
  my $both = pack("q4", @times);
  syscall($call{utimensat}, $here, $place, $both, $noFollow) == 0 or fail("Times could not be set", $name);
  my $flags = $writer ? flagged($reader, $late) : 0;
  if ($flags && defined $number) { $later[$number] = $flags }
  elsif ($flags) { setFlags($writer, $late, $flags) or fail("Flags could not be set", $name) }
  link($place, $target) or fail("A link could not be made", $name) if defined $number;
}

sub copyEarlyFlags {
  my ($reader, $writer, $name) = @_;
  my ($want, $have) = (pack("Q", 0)) x 2;
  ioctl($reader, 0x80086601, $want) && ioctl($writer, 0x80086601, $have) or fail("Flags could not be read", $name);
  ($want, $have) = map { unpack("L", $_) } $want, $have;
  return if (($want ^ $have) & $early) == 0;
  my $flags = pack("Q", ($have & ~$early) | ($want & $early));
  ioctl($writer, 0x40086602, $flags) or fail("Flags could not be set", $name);
}

# FICLONE. EINVAL: one of the two has checksums of its data and the other has none, so the data itself is copied.
sub share {
  my ($reader, $writer, $size, $name) = @_;
  return if ioctl($writer, 0x40049409, fileno($reader));
  $!{EINVAL} or fail("Data could not be shared", $name);
  truncate($writer, $size) or fail("A file could not be made as long", $name);
  my $at = 0;
  # SEEK_DATA; there is none any more where it fails.
  while (defined($at = sysseek($reader, $at, 3))) {
    $at += 0;
    my $end = sysseek($reader, $at, 4) + 0;
    sysseek($reader, $at, SEEK_SET);
    sysseek($writer, $at, SEEK_SET);
    while ($at < $end) {
      my $wanted = $end - $at < 1048576 ? $end - $at : 1048576;
      my $length = sysread($reader, my $data, $wanted) or fail("A file could not be read", $name);
      my $written = 0;
      while ($written < $length) {
        $written += syswrite($writer, $data, $length - $written, $written) // fail("A file could not be written", $name);
      }
      $at += $length;
    }
  }
}

sub copyAttributes {
  my ($source, $place, $name) = @_;
  my $list = "\\0" x 65536;
  my $length = syscall($call{llistxattr}, $source, $list, 65536);
  $length >= 0 or fail("Attributes could not be listed", $name);
  for my $key (split(/\\0/, substr($list, 0, $length))) {
    my $value = "\\0" x 65536;
    my $size = syscall($call{lgetxattr}, $source, $key, $value, 65536);
    $size >= 0 or fail("An attribute could not be read", $name);
    syscall($call{lsetxattr}, $place, $key, $value, $size, 0) == 0 or fail("An attribute could not be set", $name);
  }
}

sub fail {
  my ($what, $name) = @_;
  my $why = "$!";
  $name =~ s/[^ -~]/?/g;
  die $name eq "" ? "$what: $why\\n" : "$what ('$name'): $why\\n";
}
`;

/** Have a folder give nothing to what is made in it: no flags, no kind of compression, no access lists. Argument: the folder. */
export const plainScript = `${common}
open(my $folder, "<", $ARGV[0]) or die "$!\\n";
my $none = pack("Q", 0);
ioctl($folder, 0x40086602, $none) or die "$!\\n";
my $path = "/proc/self/fd/" . fileno($folder) . "/.";
for my $key ("system.posix_acl_default", "btrfs.compression") {
  my $name = $key;
  syscall($call{lremovexattr}, $path, $name);
}
sub fail { die "$_[0]: $!\\n" }
`;

/**
 * Delete something with all that is in it, flags or not, and leave nested subvolumes and mounts, which is then a failure; the
 * rest is deleted all the same. Arguments: the folder it lies in, its name in hexadecimal.
 */
export const clearScript = `${common}
my @failures;
open(my $folder, "<", $ARGV[0]) or die "$!\\n";
clear($folder, pack("H*", $ARGV[1]));
die $failures[0] if @failures;

sub clear {
  my ($folder, $name) = @_;
  my $path = at($folder, $name);
  my ($device, $inode, $mode, $links) = lstat($path) or return;
  if (!S_ISDIR($mode)) {
    unlink($path) and return;
    $!{EPERM} && S_ISREG($mode) or return fail("A file could not be deleted", $name);
    sysopen(my $file, $path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) or return fail("A file could not be opened", $name);
    my $flags = flagged($file, $immutable | $appendOnly);
    setFlags($file, $immutable | $appendOnly, 0);
    unlink($path) or fail("A file could not be deleted", $name);
    # It has another name elsewhere, where it is as it was.
    setFlags($file, $immutable | $appendOnly, $flags) if $links > 1;
    return;
  }
  my $directory = enter($folder, $name) or return fail("A folder could not be opened", $name);
  $inode == 256 and return fail("A subvolume is in the way", $name);
  setFlags($directory, $immutable | $appendOnly, 0);
  clear($directory, $_) for names($directory);
  close($directory);
  rmdir($path) or fail("A folder could not be deleted", $name);
}

sub fail {
  my ($what, $name) = @_;
  my $why = "$!";
  $name =~ s/[^ -~]/?/g;
  push @failures, "$what ('$name'): $why\\n";
}
`;

/**
 * What keeps things from being moved, a line for each: flags of the folder, whether there is something of this name, its
 * flags, whether it is a subvolume that is read-only. Arguments: for each the folder, its name in hexadecimal.
 */
export const obstaclesScript = `${common}
while (my ($at, $hex) = splice(@ARGV, 0, 2)) {
  open(my $folder, "<", $at) or die "$!\\n";
  my $path = at($folder, pack("H*", $hex));
  my ($device, $inode, $mode) = lstat($path);
  my ($flags, $readOnly) = (0, 0);
  if (defined $mode && (S_ISDIR($mode) || S_ISREG($mode))) {
    sysopen(my $file, $path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW) or die "$!\\n";
    $flags = flagged($file, $immutable | $appendOnly);
    my $state = pack("Q", 0);
    # BTRFS_IOC_SUBVOL_GETFLAGS with BTRFS_SUBVOL_RDONLY.
    $readOnly = unpack("Q", $state) >> 1 & 1 if S_ISDIR($mode) && $inode == 256 && ioctl($file, 0x80089419, $state);
  }
  print join(" ", flagged($folder, $immutable | $appendOnly), defined $mode ? 1 : 0, $flags, $readOnly), "\\n";
}
sub fail { die "$_[0]: $!\\n" }
`;

/** Set the flags of a file or folder that are against moving it. Arguments: its folder, its name in hexadecimal, the flags. */
export const flagScript = `${common}
open(my $folder, "<", $ARGV[0]) or die "$!\\n";
sysopen(my $file, at($folder, pack("H*", $ARGV[1])), O_RDONLY | O_NONBLOCK | O_NOFOLLOW) or die "$!\\n";
setFlags($file, $immutable | $appendOnly, $ARGV[2] + 0) or die "$!\\n";
sub fail { die "$_[0]: $!\\n" }
`;
