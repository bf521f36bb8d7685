/**
 * What the first process of a host does, run by bash as `bash -c SCRIPT NAME ARGS...` in fresh
 * namespaces: it builds the host's own root, enters it, says `ready` on its standard output and then
 * only reaps children. All data comes in as arguments:
 * name, root tree, state directory, shared directory, accelerator.
 *
 * - The root is a small tmpfs in which the tree's /usr and /etc are mounted read-only: hosts share
 *   one tree and cannot change it.
 * - pivot_root drops every mount of the machine, so a host keeps nothing busy outside.
 * - /dev is private and has no kvm unless that is asked for: libvirt that sees a /dev/kvm which does
 *   not work probes QEMU again on every call.
 */
export const hostInitScript = `
set -eu
name=$1 tree=$2 state=$3 share=$4 accelerator=$5
root=$state/root
hostname "$name"
mount -t tmpfs -o mode=755,size=256m tmpfs "$root"
for entry in "$tree"/*; do
  base=\${entry##*/}
  if [ -L "$entry" ]; then cp -P "$entry" "$root/$base"
  elif [ -d "$entry" ]; then mkdir "$root/$base"; fi
done
chmod 1777 "$root/tmp"
for base in usr etc; do
  mount --bind "$tree/$base" "$root/$base"
  mount -o remount,bind,ro "$root/$base"
done
mkdir -p "$root"/var/lib/libvirt "$root"/var/lib/dpkg "$root"/var/log/libvirt "$root"/var/cache/libvirt
mkdir -m 1777 "$root/var/tmp"
ln -s /run "$root/var/run"
mount --bind "$tree/var/lib/dpkg" "$root/var/lib/dpkg"
mount -o remount,bind,ro "$root/var/lib/dpkg"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
dev=$root/dev
mount -t tmpfs -o mode=755 tmpfs "$dev"
mkdir "$dev/pts" "$dev/shm" "$dev/net"
devices="null zero full random urandom tty net/tun userfaultfd"
if [ "$accelerator" = kvm ]; then devices="$devices kvm"; fi
for device in $devices; do
  if [ -e "/dev/$device" ]; then
    touch "$dev/$device"
    mount --bind "/dev/$device" "$dev/$device"
  fi
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$dev/shm"
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
ln -s /proc/self/fd/0 "$dev/stdin"
ln -s /proc/self/fd/1 "$dev/stdout"
ln -s /proc/self/fd/2 "$dev/stderr"
mount --bind "$state/run" "$root/run"
mount --bind "$state/etc" "$root/etc/libvirt"
mount --bind "$state/var" "$root/var/lib/libvirt"
mount --bind "$state/log" "$root/var/log/libvirt"
mount --bind "$state/cache" "$root/var/cache/libvirt"
for file in hosts hostname machine-id resolv.conf; do
  mount --bind "$state/$file" "$root/etc/$file"
done
mkdir -p "$root$share"
mount --bind "$share" "$root$share"
mkdir "$root/.machine"
cd "$root"
pivot_root . .machine
umount -l /.machine
rmdir /.machine
echo ready
exec </dev/null >/dev/null 2>&1
exec /bin/bash -c 'trap : TERM; while :; do sleep 1000 & wait; done'
`;
