"""Virtual machines that share what is on this one's disk: for what one kernel cannot show.

A machine is QEMU with a kernel that knows NFS (Debian's, unpacked, not installed), this machine's
whole disk read-only with a layer in memory above it, one processor and a folder through which it
is told commands. Nothing of it is left when it ends, and ending it is a power cut.

    apt-get install qemu-system-x86 busybox-static kmod nfs-kernel-server
    apt-get download linux-image-VERSION-amd64 && dpkg -x linux-image-*.deb KERNEL
"""

import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_MODULES = (
    "virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_net", "virtio_blk", "ext4", "nfs",
    "nfsv3", "nfsv4", "nfsd",
)  # fmt: skip
_INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in {modules}; do insmod /modules/$module; done
mkdir -p /disk /layer /root /told
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro disk /disk
mount -t tmpfs -o size=1g layer /layer; mkdir /layer/up /layer/work
mount -t overlay -o lowerdir=/disk,upperdir=/layer/up,workdir=/layer/work root /root
mkdir -p /root/mnt/told
mount -t 9p -o trans=virtio,version=9p2000.L,cache=none told /root/mnt/told
for each in proc sys dev; do mount --move /$each /root/$each; done
mount -t tmpfs tmp /root/tmp; mount -t tmpfs run /root/run; mkdir /root/run/rpcbind
exec switch_root /root /bin/sh /mnt/told/begin
"""
_BEGIN = """export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
hostname {name}; ip link set lo up
{addresses}
number=1
while :; do
    while [ ! -e /mnt/told/$number.run ]; do sleep 0.1; done
    ( sh /mnt/told/$number.run >/mnt/told/$number.out 2>&1 </dev/null
      echo $? >/mnt/told/$number.end; mv /mnt/told/$number.end /mnt/told/$number.status ) &
    number=$((number + 1))
done
"""
_STARTS_S = 180.0


@dataclass(frozen=True)
class Told:
    """A command that a machine was told."""

    folder: Path
    number: int

    def is_over(self) -> bool:
        return (self.folder / f"{self.number}.status").exists()

    def said(self) -> str:
        return (self.folder / f"{self.number}.out").read_text(errors="replace")

    def wait(self, seconds: float = 600.0) -> int:
        """Its exit status; -1 if it does not end in time."""
        deadline = time.monotonic() + seconds
        while not self.is_over() and time.monotonic() < deadline:
            time.sleep(0.05)
        status = self.folder / f"{self.number}.status"
        return int(status.read_text()) if self.is_over() else -1


class Machine:
    """One of them.

    Args:
        kernel: Folder of the unpacked kernel package.
        work: A folder for what it needs.
        name: Its host name.
        wires: A port of this machine for each of its network cards, and its address there; the
            one that begins a wire is the one with ``listens``.
        disk: An image of a disk of its own.
    """

    def __init__(
        self, kernel: Path, work: Path, name: str, wires: dict[int, str], *,
        listens: bool = False, disk: Path | None = None, memory_mb: int = 1500,
        host_name: str = "", accel: str = "tcg",
    ) -> None:  # fmt: skip
        self._folder = work / f"told-{name}"
        self._folder.mkdir()
        self._n_told = 0
        addresses = "\n".join(
            f"ip addr add {address} dev eth{number}; ip link set eth{number} up"
            for number, address in enumerate(wires.values())
        )
        begin = _BEGIN.format(name=host_name or name, addresses=addresses)
        (self._folder / "begin").write_text(begin)
        initial = work / "initial.cpio"
        if not initial.exists():
            _make_initial(kernel, initial)
        command = [
            "qemu-system-x86_64", "-m", str(memory_mb), "-smp", "1", "-display", "none",
            "-no-reboot", "-accel", accel, "-cpu", "host" if accel == "kvm" else "max",
            "-kernel", str(next((kernel / "boot").glob("vmlinuz-*"))), "-initrd", str(initial),
            "-append", "console=ttyS0 panic=-1 quiet", "-serial", f"file:{work / name}.console",
            "-monitor", "none",
            "-virtfs", "local,path=/,mount_tag=disk,security_model=passthrough,readonly=on,"
            "multidevs=remap",
            "-virtfs", f"local,path={self._folder},mount_tag=told,security_model=mapped-xattr",
        ]  # fmt: skip
        for number, port in enumerate(wires):
            end = "listen" if listens else "connect"
            command += ["-netdev", f"socket,id=n{number},{end}=127.0.0.1:{port}"]
            mac = f"52:54:00:{port >> 8:02x}:{port & 255:02x}:{0 if listens else 1:02x}"
            command += ["-device", f"virtio-net-pci,netdev=n{number},mac={mac}"]
        if disk:
            command += ["-drive", f"file={disk},format=raw,if=virtio,cache=writeback"]
        self._process = subprocess.Popen(command, start_new_session=True)
        if self.does("true", seconds=_STARTS_S)[0] != 0:
            self.cut()
            raise SystemExit((work / f"{name}.console").read_text(errors="replace")[-3000:])

    def tell(self, command: str) -> Told:
        """Begin a shell command."""
        self._n_told += 1
        part = self._folder / "part"
        part.write_text(command + "\n")
        part.rename(self._folder / f"{self._n_told}.run")
        return Told(self._folder, self._n_told)

    def does(self, command: str, seconds: float = 600.0) -> tuple[int, str]:
        """Run a shell command; its exit status and what it printed."""
        told = self.tell(command)
        status = told.wait(seconds)
        return status, told.said() if told.is_over() else ""

    def must(self, command: str, seconds: float = 600.0) -> str:
        """Run a shell command that works, else end everything."""
        status, said = self.does(command, seconds)
        if status:
            raise SystemExit(f"{command}: {status}\n{said}")
        return said

    def freeze(self) -> None:
        """Stop all its processors."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def cut(self) -> None:
        """Cut its power."""
        self._process.kill()
        self._process.wait()


def _make_initial(kernel: Path, target: Path) -> None:
    """The first file system: a shell, the modules, and what to do."""
    place = target.with_suffix("")
    for name in ("bin", "modules", "proc", "sys", "dev"):
        (place / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "busybox", place / "bin/busybox")
    version = next((kernel / "lib/modules").iterdir()).name
    subprocess.run(["depmod", "-b", str(kernel), version], check=True)
    names: dict[str, None] = {}
    for module in _MODULES:
        listed = subprocess.run(
            ["modprobe", "-d", str(kernel), "-S", version, "--show-depends", module],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        for line in listed.splitlines():
            if line.startswith("insmod"):
                path = Path(shlex.split(line)[1])
                shutil.copy(path, place / "modules" / path.name)
                names[path.name] = None
    (place / "init").write_text(_INIT.format(modules=" ".join(names)))
    (place / "init").chmod(0o755)
    listed = subprocess.run(["find", "."], cwd=place, check=True, capture_output=True).stdout
    with target.open("wb") as file:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=place, input=listed,
                       stdout=file, check=True)  # fmt: skip
