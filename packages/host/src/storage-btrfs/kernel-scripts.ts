/**
 * What btrfs(8) and Node have no safe way to ask or do, asked of the kernel itself; see linux/btrfs.h and linux/btrfs_tree.h. In
 * Perl, for Node has no ioctl(2), and perl-base is on every Debian and Ubuntu. Without 'use strict': to load it takes half as long
 * again as all the rest.
 */

/** BTRFS_IOC_INO_LOOKUP with no number for the tree: that of the tree which `$_[0]` is in. */
const idOf = `sub id {
  my $lookup = pack("QQ", 0, 256) . ("\\0" x 4080);
  ioctl($_[0], 0xD0009412, $lookup) or die "$!\\n";
  return unpack("Q", $lookup);
}
`;

const items = `# BTRFS_IOC_TREE_SEARCH: offset and contents of the items of one kind that an object has.
sub items {
  my ($pool, $tree, $object, $kind) = @_;
  my ($next, @found) = 0;
  while (1) {
    my @key = ($tree, $object, $object, $next, ~0, 0, ~0, $kind, $kind, 4096, 0, 0, 0, 0, 0);
    my $search = pack("Q7L4Q4", @key) . ("\\0" x 3992);
    # ENOENT: the tree of a subvolume that was deleted meanwhile.
    ioctl($pool, 0xD0009411, $search) or ($! == 2 ? exit 75 : die "$!\\n");
    my $count = unpack("x64L", $search) or return @found;
    my $at = 104;
    for (1 .. $count) {
      my ($offset, $length) = unpack("x\${at}x16Qx4L", $search);
      push @found, [$offset, substr($search, $at + 32, $length)];
      $at += 32 + $length;
      $next = $offset + 1;
    }
  }
}
`;

/**
 * A line for each subvolume below the one that the first argument lies in, each after the one it lies in: its number, that
 * one's, the transaction that made it, whether it is read-only, its UUID, that of its origin, its path from where the first
 * one begins. The last three in hexadecimal. Exits with 75 when a directory was moved meanwhile.
 */
export const listScript = `open(my $pool, "<", $ARGV[0]) or die "$!\\n";
my ($refs, $inodeRefs, $roots, $rootTree, $readOnly) = (156, 12, 132, 1, 1);
my (%folders, %paths);
my @waiting = (id($pool));
$paths{$waiting[0]} = "";
while (defined(my $parent = shift @waiting)) {
  for (items($pool, $rootTree, $parent, $refs)) {
    my ($child, $ref) = @$_;
    my ($folder, $length) = unpack("Q<x8S<", $ref);
    # Without an item it is being deleted.
    my $root = (items($pool, $rootTree, $child, $roots))[-1] or next;
    my ($flags, $uuid, $origin, $made) = unpack("x208Q<x31a16a16x24Q<", $root->[1]);
    my $path = ($folders{"$parent $folder"} //= $paths{$parent} . folder($parent, $folder)) . substr($ref, 18, $length);
    $paths{$child} = "$path/";
    print join(" ", $child, $parent, $made, $flags & $readOnly, map { unpack("H*", $_) } $uuid, $origin, $path), "\\n";
    push @waiting, $child;
  }
}

sub folder {
  my ($tree, $inode) = @_;
  my $path = "";
  while ($inode != 256) {
    my ($ref) = items($pool, $tree, $inode, $inodeRefs) or exit 75;
    $path = substr($ref->[1], 10) . "/$path";
    $inode = $ref->[0];
  }
  return $path;
}

${items}
${idOf}`;

/** The number of each subvolume that is in a quota group. Arguments: the pool, the group's number. */
export const membersScript = `open(my $pool, "<", $ARGV[0]) or die "$!\\n";
my ($quotaTree, $relations, $firstGroup) = (8, 246, 1 << 48);
for (items($pool, $quotaTree, $ARGV[1], $relations)) {
  print "$_->[0]\\n" if $_->[0] < $firstGroup;
}

${items}`;

/**
 * BTRFS_IOC_QGROUP_ASSIGN and BTRFS_IOC_QGROUP_LIMIT: take subvolumes out of every quota group they are in, and their own
 * limits from them. Arguments: a folder of the pool, the subvolumes' numbers. Exits with 75 where there are no quotas.
 */
export const releaseScript = `open(my $pool, "<", shift(@ARGV)) or die "$!\\n";
my ($quotaTree, $relations, $firstGroup, $bothLimits, $none) = (8, 246, 1 << 48, 3, ~0);
for my $id (@ARGV) {
  for (items($pool, $quotaTree, $id, $relations)) {
    next if $_->[0] < $firstGroup;
    # ENOENT: somebody else was quicker.
    ioctl($pool, 0x40189429, pack("QQQ", 0, $id, $_->[0])) or $! == 2 or die "$!\\n";
  }
  ioctl($pool, 0x8030942B, pack("Q6", $id, $bothLimits, $none, $none, 0, 0)) or $! == 2 or die "$!\\n";
}

${items}`;

/**
 * BTRFS_IOC_SNAP_CREATE_V2, read-only, and then the list: in one program, for a second one would take longer than the look.
 * Arguments: a tree, the folder and the name of the snapshot.
 */
export const takeScript = `open(my $source, "<", $ARGV[0]) or die "$!\\n";
open(my $target, "<", $ARGV[1]) or die "$!\\n";
ioctl($target, 0x50009417, pack("qQQQ4a4040", fileno($source), 0, 2, 0, 0, 0, 0, $ARGV[2])) or die "$!\\n";
${listScript}`;

/** renameat2(2) with RENAME_EXCHANGE. Arguments: the number of that system call, two paths that are both there. */
export const exchangeScript = `my ($call, @paths) = @ARGV;
my ($here, $exchange) = (-100, 2);
syscall($call, $here, $paths[0], $here, $paths[1], $exchange) == 0 or die "$!\\n";
`;

/** BTRFS_IOC_SNAP_DESTROY. Arguments: a folder, a name in it in hexadecimal, the number of the subvolume it must be. */
export const destroyScript = `my ($folder, $hex, $id) = @ARGV;
my $name = pack("H*", $hex);
open(my $parent, "<", $folder) or die "$!\\n";
open(my $tree, "<", "$folder/$name") or die "$!\\n";
id($tree) == $id or die "Another subvolume has this name\\n";
close($tree);
ioctl($parent, 0x5000940F, pack("qa4088", 0, $name)) or die "$!\\n";

${idOf}`;

/**
 * A line for each use of an extent by the files of a subvolume, of that transaction or later: where on the disk the extent
 * begins, bytes of it in use there, bytes it takes as a whole, the transaction that wrote it. The last line has a 0 and the bytes of
 * contents that are kept beside the names of their files. Arguments: the pool, the subvolume's number, the transaction. Exits with
 * 74 when there is no such subvolume any more.
 *
 * BTRFS_IOC_TREE_SEARCH_V2: the first one returns four kilobytes at a time.
 */
export const extentsScript = `open(my $pool, "<", $ARGV[0]) or die "$!\n";
my ($tree, $since) = ($ARGV[1] + 0, $ARGV[2] + 0);
my ($use, $within, $space) = (108, 0, 1 << 20);
my ($inode, $kind, $offset) = (256, $use, 0);
my $empty = "\0" x $space;
while (1) {
  my @key = ($tree, $inode, ~255, $offset, ~0, $since, ~0, $kind, $use, ~0 & 0xFFFFFFFF, 0, 0, 0, 0, 0);
  my $search = pack("Q7L4Q4Q", @key, $space) . $empty;
  ioctl($pool, 0xC0709411, $search) or ($! == 2 ? exit 74 : die "$!\n");
  my $count = unpack("x64L", $search) or last;
  my ($at, $lines) = (112, "");
  for (1 .. $count) {
    ($inode, $offset, $kind, my $length) = unpack("x\${at}x8QQLL", $search);
    $at += 32;
    if ($kind == $use) {
      my ($made, $bytes, $form, $disk, $whole, $first, $used) = unpack("x\${at}Q<Q<x4Ca32", $search);
      if ($form == 0) { $within += $bytes }
      else {
        ($disk, $whole, $first, $used) = unpack("Q<4", $disk);
        $lines .= "$disk $used $whole $made\n" if $disk != 0 && $made >= $since;
      }
    }
    $at += $length;
  }
  print $lines;
  if ($offset != ~0) { $offset += 1 } elsif ($kind != 255) { ($kind, $offset) = ($kind + 1, 0) } else { ($inode, $kind, $offset) = ($inode + 1, 0, 0) }
}
print "0 $within 0 0\n";
`;
