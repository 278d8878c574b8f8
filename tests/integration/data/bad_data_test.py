"""Jobs whose data set has a mistake say so at once, with the exit code of bad data; what shows at the end costs no model:
bad_data_test.py EOA."""

import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import PIL.Image

EOA = sys.argv[1]


def jpeg(colour):
    out = io.BytesIO()
    PIL.Image.new("RGB", (32, 32), colour).save(out, "JPEG")
    return out.getvalue()


class BadData(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        for split in ("train", "test"):
            for label, name in enumerate(("ant", "bee")):
                for i in range(12):
                    self.write(f"{split}/{name}/{i:02d}.jpg", jpeg((20 * i, 255 * label, 7)))

    def write(self, name, data):
        path = self.folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def run_job(self, members=1):
        """Tells how the run ended, what it said, and its folder."""
        job = self.folder / "job.yaml"
        job.write_text(json.dumps({
            "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "t"},
            "spec": {"trainer": {"model": {"name": "wrn-10-1"}, "batchSizePerMember": 2,
                                 "dataset": {"name": "imagefolder", "path": str(self.folder / "data"), "augmentation": "none",
                                             "validationFraction": 0.2}},
                     "ecosphere": {"generations": 1, "generationSteps": 2},
                     "populations": [{"name": "whales", "algorithm": {"name": "Whale"}, "members": members}]}}))
        run = self.folder / "run"
        start = time.monotonic()
        done = subprocess.run([EOA, "run", job, "--output", run], capture_output=True, text=True, timeout=240)
        self.seconds = time.monotonic() - start
        said = done.stdout + done.stderr + "".join(path.read_text() for path in sorted((run / "logs").glob("*")))
        return done.returncode, said, run

    def assert_refused(self, *words):
        code, said, run = self.run_job()
        self.assertEqual(code, 1)
        for word in words:
            self.assertIn(word, said)
        self.assertIn("attempt 1 starts", said)
        self.assertNotIn("attempt 2 starts", said)  # bad data is not tried again
        self.assertNotIn("generation took", said)
        self.assertFalse((run / "model.safetensors").exists())

    def test_no_test_set(self):
        (self.folder / "data/test").rename(self.folder / "data/valid")
        self.assert_refused("/valid holds, please rename it to test")

    def test_a_class_that_training_lacks(self):
        self.write("test/cow/0.jpg", jpeg((1, 2, 3)))
        self.assert_refused("test/cow is a class that the training set does not have")

    def test_a_file_over_the_limit(self):
        os.truncate(self.write("test/bee/huge.jpg", b"x"), (64 << 20) + 1)
        self.assert_refused("test/bee/huge.jpg has 67108865 bytes; at most 67108864 are read")

    def test_an_image_with_too_many_pixels_is_bad_data_and_no_lack_of_memory(self):
        image = bytearray(jpeg((1, 2, 3)))
        frame = image.index(b"\xff\xc0") + 5
        image[frame:frame + 4] = (9000).to_bytes(2, "big") + (8000).to_bytes(2, "big")
        self.write("train/ant/huge.jpg", bytes(image))
        self.assert_refused("train/ant/huge.jpg", "8000 x 9000 pixels; at most 67108864 in all are read")

    def test_a_damaged_test_image_costs_the_number_and_not_the_model(self):
        for members in (1, 2):
            whole = jpeg((1, 2, 3))
            self.write("test/bee/99.jpg", whole[:len(whole) // 2])
            code, said, run = self.run_job(members)
            self.assertEqual(code, 0, said)
            self.assertIn("the test set could not be read; the model is saved", said)
            self.assertIn("test/bee/99.jpg", said)
            self.assertTrue((run / "model.safetensors").exists())
            self.assertIsNone(json.loads((run / "result.json").read_text())["testAccuracy"])
            subprocess.run(["rm", "-r", run], check=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
