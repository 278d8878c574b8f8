"""A bare machine of a Debian or Ubuntu release on this one: debootstrap's minimal variant with git, make and certificates, in namespaces of
its own. When its first process ends, the kernel takes its processes, mounts and network with it; the rest is removed by __exit__."""

import hashlib
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HOME = "/root"
PACKAGES = "git,make,ca-certificates"
# What tells package managers of the host how to reach their registries; the machine's have to reach the same.
REGISTRIES = re.compile(r"(https?|ftp|no|all)_proxy|PIP_(?!FIND_LINKS|TARGET|PREFIX)\w+|GO(PROXY|SUMDB|NOSUMDB|PRIVATE|INSECURE)|"
                        r"(SSL|CURL|REQUESTS|GIT|NIX)_\w*(CERT|CA)\w*", re.IGNORECASE)
FILES = ["/etc/resolv.conf", "/etc/pip.conf", f"{HOME}/.config/pip/pip.conf", f"{HOME}/.config/go/env", "/usr/local/share/ca-certificates",
         "/etc/ssl/certs/ca-certificates.crt"]
FORWARDING = pathlib.Path("/proc/sys/net/ipv4/ip_forward")
BEFORE = pathlib.Path("/run/eoa-fresh.ip_forward")   # as it was before the first of the machines; the last one puts it back
# The first process: makes the tree the root of its mounts, says so, and reaps what is left to it.
FIRST = r"""
set -e
cd "$1"
mount --make-rprivate /
mount --rbind . .
cd "$1"   # to what is mounted there now
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs dev/shm
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
[ -z "$2" ] || { mkdir -p root/.cache; mount --bind "$2" root/.cache; }
mkdir -p run/lock run/host
pivot_root . run/host
cd /
umount -l /run/host
rmdir /run/host
hostname fresh
echo ready
exec > /dev/null 2>&1 < /dev/null
while :; do sleep 1000; done
"""


# What debootstrap has to be told of a release: its script and the package with the keys, and for apt the parts of the mirror.
DISTRIBUTIONS = {
    "bookworm": ("sid", "debian-archive-keyring", ("bookworm", "bookworm-updates"), "main"),
    "noble": ("gutsy", "ubuntu-archive-keyring", ("noble", "noble-updates", "noble-security"), "main universe"),
}


class NoPackages(Exception):
    """This machine knows no source of the release's packages."""


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, text=True, timeout=600, **options)


def own_sources(release):
    """The host's own package sources of a release: (file name, text), without those of other vendors."""
    files = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(files) if file.is_file()}
    return {name: text for name, text in texts.items() if re.search(rf"(^|\s){release}(-[a-z]+)?(\s|$)", text)}


def first_free_network():
    """The third number of the first of 64 networks 10.230.n.0/30 that no route leads to."""
    for number in range(64):
        if not run("ip", "-4", "route", "show", "root", f"10.230.{number}.0/30", capture_output=True).stdout.strip():
            return number
    raise RuntimeError("10.230.0.0/18 is in use on this machine; see: ip route")


class Machine:
    """Use it with `with`. Needs root, debootstrap, ip and nft (cmake/deps/apt.sh --cluster)."""

    def __init__(self, options):
        self.release, self.bare, self.cache = options.release, options.bare, options.cache
        if self.release not in DISTRIBUTIONS:
            raise SystemExit(f"fresh: no release '{self.release}'; there are: {', '.join(DISTRIBUTIONS)}")
        self.script, its_keyring, suites, components = DISTRIBUTIONS[self.release]
        self.keyring = options.keyring or pathlib.Path(f"/usr/share/keyrings/{its_keyring}.gpg")
        self.sources = own_sources(self.release)
        if options.mirror:
            self.sources = {"sources.list": "".join(f"deb {options.mirror} {suite} {components}\n" for suite in suites)}
        found = re.search(r"https?://\S+", options.mirror or next((re.sub(r"#.*", "", text) for text in self.sources.values()), ""))
        if not found:
            raise NoPackages(f"no package source of '{self.release}' in /etc/apt; name one with --mirror. This release was not checked.")
        if not self.keyring.exists():
            raise NoPackages(f"no {self.keyring} to check its packages with; name a file with --keyring. This release was not checked.")
        self.mirror = found.group(0)
        for program in ("debootstrap", "ip", "nft", "unshare", "nsenter"):
            if not shutil.which(program):
                raise SystemExit(f"fresh: no {program} on this machine; run: cmake/deps/apt.sh --cluster")
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="fresh-", dir=options.work))
        self.root = self.work / "root"
        self.name = self.work.name.replace("_", "-").lower()[:14]   # of a network device: at most 15 letters
        self.clone = f"{HOME}/{self.name}"   # of its own: a node's cgroups, which are the host's, are named after this path
        self.unshare = None
        self.bytes_in = 0

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: exit(143))
        try:
            self.install()
            self.start()
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def install(self):
        if self.bare and self.bare.exists():
            self.root.mkdir()
            run("tar", "-C", self.root, "-xf", self.bare)
        else:
            log = self.work / "debootstrap.log"
            with log.open("w") as output:
                done = subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", f"--keyring={self.keyring}",
                                       self.release, self.root, self.mirror, self.script], stdout=output, stderr=output, check=False, timeout=3600)
            if done.returncode != 0:
                raise NoPackages(f"debootstrap {self.release} from {self.mirror} failed:\n" + "\n".join(log.read_text().splitlines()[-5:]))
            if self.bare:
                run("tar", "-C", self.root, "-cf", self.bare, ".")
        apt = self.root / "etc/apt"
        (apt / "sources.list").unlink(missing_ok=True)
        for name, text in self.sources.items():
            (apt / ("sources.list" if name == "sources.list" else f"sources.list.d/{name}")).write_text(text, encoding="utf-8")
        for file in pathlib.Path("/etc/apt/apt.conf.d").glob("*"):
            if "Acquire::" in file.read_text(encoding="utf-8"):
                shutil.copy(file, apt / "apt.conf.d")
        for file in map(pathlib.Path, FILES):
            target = self.root / file.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.is_dir():
                shutil.copytree(file, target, dirs_exist_ok=True)
            elif file.exists():
                target.unlink(missing_ok=True)
                shutil.copy(file, target)
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost fresh\n")
        run("git", "-c", f"safe.directory={SOURCE}", "clone", "--quiet", "--no-hardlinks", SOURCE, f"{self.root}{self.clone}")

    def start(self):
        home_cache = ""
        if self.cache:
            self.cache.mkdir(parents=True, exist_ok=True)
            home_cache = str(self.cache.resolve())
        # Whatever ends this program ends the machine.
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--mount", "--uts", "--ipc", "--net", "--fork", "--kill-child=KILL",
                   "bash", "-c", FIRST, "first", str(self.root), home_cache]
        self.unshare = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready, _, _ = select.select([self.unshare.stdout], [], [], 60)
        if not ready or self.unshare.stdout.readline() != "ready\n":
            raise RuntimeError("the machine did not start; why is said above")
        self.pid = pathlib.Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children").read_text().split()[0]

    def connect(self):
        """One link to this machine, which forwards and hides the other's addresses behind its own."""
        network = first_free_network()
        ours, its = f"10.230.{network}.1", f"10.230.{network}.2"
        inside = ["nsenter", "--target", self.pid, "--net", "ip"]
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.pid)
        run("ip", "addr", "add", f"{ours}/30", "dev", self.name)
        run("ip", "link", "set", self.name, "up")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "addr", "add", f"{its}/30", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "route", "add", "default", "via", ours)
        run("nft", f"add table ip {self.name}; add chain ip {self.name} out {{ type nat hook postrouting priority 100; }}; "
                   f"add rule ip {self.name} out ip saddr {its} masquerade")
        if not BEFORE.exists():
            BEFORE.write_text(FORWARDING.read_text())
        FORWARDING.write_text("1")

    @property
    def description(self):
        name = re.search(r'^PRETTY_NAME="(.*)"', (self.root / "etc/os-release").read_text(), re.MULTILINE).group(1)
        return f"bare {name}, {len(list((self.root / 'var/lib/dpkg/info').glob('*.list')))} packages"

    def received(self):
        """Bytes that came in over its network device; of a machine that has ended, as far as they were asked for."""
        try:
            table = pathlib.Path(f"/proc/{self.pid}/net/dev").read_text()
            self.bytes_in = int(re.search(r"eth0:\s*(\d+)", table).group(1))
        except FileNotFoundError:
            pass
        return self.bytes_in

    def run(self, command, timeout):
        """Types a line in the clone; returns its exit status, None when time was up."""
        environment = {name: value for name, value in os.environ.items() if REGISTRIES.fullmatch(name)}
        environment |= {"HOME": HOME, "USER": "root", "TERM": os.environ.get("TERM", "dumb"),
                        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        inside = ["nsenter", "--target", self.pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--wd=" + f"/proc/{self.pid}/root{self.clone}"]
        settings = [f"{name}={value}" for name, value in environment.items()]
        process = subprocess.Popen([*inside, "env", "-i", *settings, "bash", "-c", f"cd {self.clone} && {command}"])
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()   # what it started goes with the machine
            process.wait()
            return None

    def __exit__(self, *_):
        if self.unshare:
            self.unshare.kill()
            self.unshare.wait()
            self.unshare.stdout.close()
        for command in (["ip", "link", "del", self.name], ["nft", "delete", "table", "ip", self.name]):
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        if BEFORE.exists() and not list(pathlib.Path("/sys/class/net").glob("fresh-*")):
            FORWARDING.write_text(BEFORE.read_text())
            BEFORE.unlink()
        # Those of a node that was not taken down (tests/cluster/settings.sh has the name).
        node = "eoa-" + hashlib.sha256(self.clone.encode()).hexdigest()[:6]
        for hierarchy in ["/sys/fs/cgroup", *pathlib.Path("/sys/fs/cgroup").glob("*")]:
            left = pathlib.Path(hierarchy) / node
            if left.is_dir():
                subprocess.run(["find", left, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"], stderr=subprocess.DEVNULL, check=False)
        run("rm", "-rf", "--one-file-system", self.work)
