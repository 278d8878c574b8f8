"""`eoa data check` on data sets as people have them, written by the programs that people write them with: check_test.py EOA."""

import hashlib
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

import PIL.Image

EOA = sys.argv[1]
HERE = pathlib.Path(__file__).resolve().parent


def import_webdataset():
    """The library, fetched once and checked by SHA-256."""
    requirements = HERE / "webdataset.txt"
    cache = pathlib.Path(os.environ.get("EOA_CACHE_DIR") or pathlib.Path.home() / ".cache/eoa")
    target = cache / f"webdataset-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", f"{scratch}/new",
                            "--requirement", requirements], check=True, timeout=300)
            try:
                os.rename(f"{scratch}/new", target)
            except OSError:  # another test was quicker
                pass
    sys.path.insert(0, str(target))
    import webdataset
    return webdataset


def jpeg(colour, size=(16, 16)):
    out = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def check(folder, *flags):
    return subprocess.run([EOA, "data", "check", folder, *flags], capture_output=True, text=True, timeout=120)


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def assert_holds(self, split, classes, *flags):
        """`classes`: images by class, as printed."""
        done = check(self.folder, *flags)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        start = lines.index(f"{split}: {sum(classes.values())} images") + 1
        printed = {}
        for line in lines[start:start + len(classes)]:
            name, count = line.strip().rsplit(None, 1)
            printed[name] = int(count)
        self.assertEqual(printed, classes)
        return done.stdout


class WebDatasets(Case):
    def samples(self, count=10):
        for i in range(count):
            yield f"{i:04d}", jpeg((25 * i, 0, 0)), i % 3

    COUNTS = {"class 0": 4, "class 1": 3, "class 2": 3}

    def unpacked(self, folder, name="{key}"):
        """The samples as files."""
        for key, image, label in self.samples():
            self.write(f"{folder}/{name.format(key=key)}.jpg", image)
            self.write(f"{folder}/{name.format(key=key)}.cls", str(label).encode())

    def test_the_webdataset_library_writes(self):
        webdataset = import_webdataset()
        for split in ("train", "val"):
            with webdataset.ShardWriter(f"{self.folder}/{split}-%06d.tar", maxcount=4, verbose=0) as writer:
                for key, image, label in self.samples():
                    writer.write({"__key__": f"some/folder.v2/{key}", "jpg": image, "cls": label, "json": {"key": key}, "txt": "a photo"})
        self.assert_holds("train", self.COUNTS, "--decode")
        self.assert_holds("test", self.COUNTS)

    def test_the_webdataset_library_writes_labels_in_json(self):
        webdataset = import_webdataset()
        for split in ("train", "test"):
            with webdataset.TarWriter(f"{self.folder}/{split}.tar") as writer:
                for key, image, label in self.samples():
                    writer.write({"__key__": key, "png": PIL.Image.open(io.BytesIO(image)), "json": {"label": label, "caption": "x"}})
        self.assert_holds("train", self.COUNTS, "--decode")

    def test_gnu_tar_writes(self):
        self.unpacked("files", "it's {key}, {key}")
        deep = "files/" + "d" * 90 + "/" + "e" * 90
        self.write(f"{deep}/long.jpg", jpeg((1, 2, 3)))
        self.write(f"{deep}/long.cls", b"2\n")
        for form in ("gnu", "pax", "v7", "ustar", "oldgnu"):
            skip = ["--exclude", "d" * 90] if form == "v7" else []
            for split in ("train", "test"):
                # Without --sort: in whatever order the folder has.
                subprocess.run(["tar", f"--format={form}", *skip, "-cf", self.folder / f"{split}.tar", "-C", self.folder / "files", "."],
                               check=True)
            self.assert_holds("train", self.COUNTS | ({} if form == "v7" else {"class 2": 4}))

    def test_gnu_tar_writes_images_first_and_labels_later(self):
        self.unpacked("files")
        for split in ("train", "test"):
            names = sorted(os.listdir(self.folder / "files"), key=lambda name: name.endswith(".cls"))
            subprocess.run(["tar", "-cf", self.folder / f"{split}.tar", "-C", self.folder / "files", *names], check=True)
        self.assert_holds("train", self.COUNTS)

    def test_python_writes(self):
        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            for split in ("train", "test"):
                headers = {"comment": "of the whole archive"} if form == tarfile.PAX_FORMAT else None
                with tarfile.open(self.folder / f"{split}.tar", "w", format=form, pax_headers=headers) as archive:
                    for key, image, label in self.samples():
                        for name, data in ((f"ü{key}.JPEG", image), (f"ü{key}.cls", f"{label}\r\n".encode())):
                            member = tarfile.TarInfo(name)
                            member.size = len(data)
                            member.mtime = 1700000000.25
                            archive.addfile(member, io.BytesIO(data))
            self.assert_holds("train", self.COUNTS, "--decode")

    def test_compressed_and_sparse_archives_are_told_what_to_do(self):
        self.unpacked("files")
        subprocess.run(["tar", "-czf", self.folder / "train-0.tar.gz", "-C", self.folder / "files", "."], check=True)
        done = check(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("train-0.tar.gz is compressed", done.stderr)
        (self.folder / "train-0.tar.gz").rename(self.folder / "train-0.tar")
        self.assertIn("train-0.tar is compressed", check(self.folder).stderr)
        hole = self.write("files/hole.jpg", b"x")
        os.truncate(hole, 1 << 20)
        for form in ("gnu", "pax"):
            subprocess.run(["tar", "--sparse", f"--format={form}", "-cf", self.folder / "train-0.tar", "-C", self.folder / "files", "."],
                           check=True)
            self.assertIn("without --sparse", check(self.folder).stderr)


class Folders(Case):
    def test_what_is_left_out_and_what_is_damaged_is_told(self):
        good = jpeg((1, 2, 3))
        for split in ("train", "val"):
            for name in ("ant", "bee"):
                for i in range(5):
                    self.write(f"{split}/{name}/{i}.jpg", good)
        self.write("train/ant/session1/x.jpg", good)
        self.write("train/ant/y.tiff", b"")
        os.symlink("/nowhere", self.folder / "train/bee/z.png")
        printed = self.assert_holds("train", {"ant": 5, "bee": 5}, "--decode")
        self.assertIn("left out: 1 file of other kinds (1 .tiff; the first is ant/y.tiff), 1 folder within a class (ant/session1), "
                      "1 link to nothing (bee/z.png)", printed)
        self.write("val/bee/cut.jpg", good[:200])
        self.assert_holds("test", {"ant": 5, "bee": 6})
        done = check(self.folder, "--decode")
        self.assertEqual(done.returncode, 1)
        self.assertIn("test: 11 images decoded", done.stdout)
        self.assertIn(f"{self.folder}/val/bee/cut.jpg: a corrupt or truncated JPEG image", done.stdout)

    def test_a_missing_test_set_is_told_after_what_is_there(self):
        self.write("train/ant/0.jpg", jpeg((1, 2, 3)))
        self.write("valid/ant/0.jpg", jpeg((1, 2, 3)))
        done = check(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("train: 1 images", done.stdout)
        self.assertIn("valid holds, please rename it to test", done.stderr)

    def test_a_folder_without_a_data_set_is_told_what_is_expected(self):
        self.assertIn("holds no data set", check(self.folder).stderr)
        self.assertIn("no folder", check(self.folder / "nowhere").stderr)
        done = subprocess.run([EOA, "data"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)

    def test_many_files_are_listed_in_seconds(self):
        for split in ("train", "test"):
            for label in range(20):
                folder = self.folder / split / f"c{label:02d}"
                folder.mkdir(parents=True)
                for i in range(1000):
                    (folder / f"{i}.jpg").touch()
        self.assert_holds("train", {f"c{label:02d}": 1000 for label in range(20)})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
