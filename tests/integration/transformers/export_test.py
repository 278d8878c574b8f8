"""A model trained by `eoa run` and exported opens in timm, in transformers and with torch.load, and gives the same logits there:
export_test.py EOA RECORD_LOGITS. What does not fit is refused with what does."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import PIL.Image
import safetensors.numpy
import safetensors.torch
import timm
import torch
import transformers

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "tests/parity/model"))
import reference_models

EOA, RECORD_LOGITS = sys.argv[1:3]
SIZE = 64
TOLERANCE = 1e-5  # the same operations on the same numbers; transformers' attention sums in another order


def train(folder, name, model, augmentation=None, steps=2):
    spec = {
        "trainer": {
            "model": model, "batchSizePerMember": 4,
            "dataset": {"name": "webdataset", "path": str(SOURCE / "manifests/samples/data/cifar10-subset"),
                        "augmentation": augmentation or ("vit" if model["name"].startswith("vit") else "cifar")},
        },
        "ecosphere": {"generations": 1, "generationSteps": steps, "fitnessSamples": 8},
        "populations": [{"name": "whales", "algorithm": {"name": "Whale"}, "members": 1}],
    }
    file = folder / f"{name}.yaml"
    file.write_text(json.dumps({"apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": name}, "spec": spec}))
    subprocess.run([EOA, "run", file, "--output", folder / name], check=True, timeout=300, stdout=subprocess.DEVNULL)
    return folder / name


def export(directory, *arguments):
    return subprocess.run([EOA, "export", directory, *arguments], capture_output=True, text=True, timeout=60)


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.vit = train(cls.folder, "vit", {"name": "vit-ti-16", "imageSize": SIZE})
        cls.images = numpy.random.default_rng(1).standard_normal((3, 3, SIZE, SIZE), dtype=numpy.float32)
        safetensors.numpy.save_file({"images": cls.images}, cls.folder / "images.safetensors")
        cls.logits = cls.ours(cls.vit / "model.safetensors")

    @classmethod
    def ours(cls, file):
        out = cls.folder / "logits.safetensors"
        subprocess.run([RECORD_LOGITS, out, file, "vit-ti-16", str(SIZE), "10", "TOKEN", cls.folder / "images.safetensors"],
                       check=True, timeout=60)
        return safetensors.numpy.load_file(out)["logits"]

    def export(self, *arguments, directory=None):
        done = export(directory or self.vit, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return pathlib.Path(done.stdout.strip())

    def assert_same(self, network):
        with torch.no_grad():
            answer = network(torch.from_numpy(self.images))
        theirs = getattr(answer, "logits", answer).numpy()
        self.assertGreater(numpy.ptp(theirs), 1e-3)
        self.assertLessEqual(numpy.abs(theirs - self.logits).max(), TOLERANCE)

    def timm(self, weights):
        network = timm.create_model("vit_tiny_patch16_224", img_size=SIZE, num_classes=10).eval()
        network.load_state_dict(weights)
        return network

    def test_timm_has_the_same_logits(self):
        self.assert_same(self.timm(safetensors.torch.load_file(self.export("--format", "safetensors-timm"))))

    def test_the_run_s_own_file_opens_in_timm_too(self):
        self.assert_same(self.timm(safetensors.torch.load_file(self.vit / "model.safetensors")))

    def test_torch_load_has_the_same_logits(self):
        weights = torch.load(self.export("--format", "torch-state-dict"), weights_only=True)
        self.assertEqual({str(tensor.dtype) for tensor in weights.values()}, {"torch.float32"})
        self.assert_same(self.timm(weights))

    def test_torch_maps_the_archive(self):
        file = self.export("--format", "torch-state-dict", "--output", self.folder / "mapped.pt")
        self.assert_same(self.timm(torch.load(file, weights_only=True, mmap=True)))

    def test_transformers_has_the_same_logits_and_class_names(self):
        folder = self.export("--format", "safetensors-hf")
        network, loading = transformers.ViTForImageClassification.from_pretrained(folder, output_loading_info=True)
        self.assertFalse(loading["missing_keys"] or loading["unexpected_keys"] or loading["mismatched_keys"], loading)
        self.assert_same(network.eval())
        self.assertEqual(network.config.id2label[0], "airplane")
        processor = json.loads((folder / "preprocessor_config.json").read_text())
        self.assertEqual(processor["size"], {"height": SIZE, "width": SIZE})

    def test_what_transformers_has_is_read_back(self):
        folder = self.export("--format", "safetensors-hf", "--output", self.folder / "back")
        self.assertTrue((self.ours(folder / "model.safetensors") == self.logits).all())

    def predict(self, *arguments):
        return subprocess.run([EOA, "predict", self.vit, *map(str, arguments)], capture_output=True, text=True, timeout=60)

    def photograph(self, name):
        """Not of the network's size."""
        pixels = numpy.random.default_rng(len(name)).integers(0, 256, (9, 13, 3), dtype=numpy.uint8)
        file = self.folder / name
        PIL.Image.fromarray(pixels).resize((130, 90), PIL.Image.Resampling.BICUBIC).save(file)
        return file

    def test_predictions_are_those_of_timm(self):
        files = [self.photograph("a.png"), self.photograph("another.png")]
        done = self.predict("--json", "--top", 10, *files)
        self.assertEqual(done.returncode, 0, done.stderr)
        network = self.timm(safetensors.torch.load_file(self.vit / "model.safetensors"))
        for file, line in zip(files, done.stdout.splitlines(), strict=True):
            image = PIL.Image.open(file).resize((SIZE, SIZE), PIL.Image.Resampling.BILINEAR)
            pixels = (torch.from_numpy(numpy.array(image)).permute(2, 0, 1).float() / 255 - 0.5) / 0.5
            with torch.no_grad():
                theirs = network(pixels[None]).softmax(1)[0].tolist()
            answer = json.loads(line)
            self.assertEqual(answer["image"], str(file))
            ours = {each["name"]: each["probability"] for each in answer["classes"]}
            self.assertAlmostEqual(sum(ours.values()), 1, places=6)
            names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
            for name, probability in zip(names, theirs):
                # A pixel may be one grey level off (tests/parity/data).
                self.assertAlmostEqual(ours[name], probability, delta=2e-3)
            self.assertEqual([each["probability"] for each in answer["classes"]], sorted(ours.values(), reverse=True))

    def test_the_exported_processor_does_what_training_did(self):
        for augmentation in ("cifar", "imagenet", "vit"):
            run = train(self.folder, f"for-{augmentation}", {"name": "vit-n-4"}, augmentation, steps=40)
            folder = self.export("--format", "safetensors-hf", directory=run)
            files = [self.photograph(f"{augmentation}-{'x' * i}.png") for i in range(100)]
            done = subprocess.run([EOA, "predict", run, "--json", "--top", "10", *map(str, files)], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            network = transformers.ViTForImageClassification.from_pretrained(folder).eval()

            def theirs(processor):
                images = [PIL.Image.open(file) for file in files]
                with torch.no_grad():
                    return network(processor(images, return_tensors="pt")["pixel_values"]).logits.softmax(1).numpy()

            ours = []
            for line in done.stdout.splitlines():
                answer = {each["name"]: each["probability"] for each in json.loads(line)["classes"]}
                ours.append([answer[network.config.id2label[i]] for i in range(10)])
            ours = numpy.array(ours)
            processor = transformers.AutoImageProcessor.from_pretrained(folder)
            apart = numpy.abs(ours - theirs(processor)).max()
            # A crop between pixels, which only ours has, is up to half a pixel off.
            self.assertLess(apart, 2e-3 if augmentation == "vit" else 5e-2, augmentation)
            if augmentation != "vit":
                plain = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
                self.assertGreater(numpy.abs(ours - theirs(plain)).max(), 2 * apart, augmentation)

    def test_a_model_without_a_class_token_opens_in_timm(self):
        run = train(self.folder, "gap", {"name": "vit-ti-16", "imageSize": SIZE, "classifier": "Gap"})
        weights = safetensors.torch.load_file(self.export("--format", "safetensors-timm", directory=run))
        network = timm.create_model("vit_tiny_patch16_224", img_size=SIZE, num_classes=10, class_token=False, global_pool="avg", fc_norm=False)
        network.load_state_dict(weights)
        out = self.folder / "gap.safetensors"
        subprocess.run([RECORD_LOGITS, out, run / "model.safetensors", "vit-ti-16", str(SIZE), "10", "GAP", self.folder / "images.safetensors"],
                       check=True, timeout=60)
        with torch.no_grad():
            theirs = network.eval()(torch.from_numpy(self.images)).numpy()
        self.assertLessEqual(numpy.abs(theirs - safetensors.numpy.load_file(out)["logits"]).max(), TOLERANCE)

    def test_an_image_that_is_none_is_named_and_the_others_are_predicted(self):
        broken = self.folder / "broken.jpg"
        broken.write_bytes(b"no image")
        done = self.predict(broken, self.photograph("b.png"), self.folder / "nowhere.png")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("broken.jpg", done.stderr)
        self.assertIn("nowhere.png", done.stderr)

    def test_a_wide_resnet_goes_to_torch_only(self):
        wide = train(self.folder, "wide", {"name": "wrn-10-1"})
        file = self.export("--format", "torch-state-dict", directory=wide)
        network = reference_models.make_model("wrn-10-1", 10)
        result = network.load_state_dict(torch.load(file, weights_only=True), strict=False)
        self.assertFalse(result.unexpected_keys)
        self.assertTrue(all(key.endswith("num_batches_tracked") for key in result.missing_keys), result)
        for form, library in (("safetensors-hf", "transformers"), ("safetensors-timm", "timm")):
            done = export(wide, "--format", form)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{library} has no 'wrn-10-1'", done.stderr)
            self.assertIn("torch-state-dict", done.stderr)

    def test_mistakes_are_told(self):
        done = export(self.vit, "--format", "onnx")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("use safetensors-timm, safetensors-hf or torch-state-dict", done.stderr)
        done = export(self.folder / "nothing", "--format", "torch-state-dict")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no", done.stderr)
        done = export(self.vit, "--format", "torch-state-dict", "--output", self.vit / "result.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is there already", done.stderr)
        json.loads((self.vit / "result.json").read_text())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
