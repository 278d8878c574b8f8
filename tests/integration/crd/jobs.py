"""Jobs that `eoa validate` and the API server must judge alike, and those that they cannot, with the reason.

Each case changes the shortest useful job: {"spec.seed": 7} sets a field, REMOVED removes one. A text in place of changes is the whole job.
"""

import copy
import json

BOTH = "both accept it"
NEITHER = "both refuse it"
# The API server accepts it and `eoa validate`, which the operator uses on every job, does not.
SERVER_ONLY = "only the API server accepts it"
EOA_ONLY = "only eoa validate accepts it"

REMOVED = object()

SHORTEST = {
    "apiVersion": "eoa.io/v1alpha1", "kind": "EOAJob", "metadata": {"name": "cifar10"},
    "spec": {
        "trainer": {"model": {"name": "wrn-16-8"}, "dataset": {"name": "cifar10", "path": "/data/cifar10"}},
        "populations": [
            {"name": "wolves", "algorithm": {"name": "GreyWolf"}, "members": 4},
            {"name": "whales", "algorithm": {"name": "Whale"}, "members": 4},
        ],
    },
}

WOLVES = "spec.populations.0"
MODEL, DATASET, OPTIMIZER = "spec.trainer.model", "spec.trainer.dataset", "spec.trainer.optimizer"
RATES = "spec.populations.0.algorithm"
EXCHANGE, POLICY = "spec.ecosphere.exchange", "spec.runPolicy"


def whales(count, **fields):
    return [{"name": f"p{i}", "algorithm": {"name": "Whale"}, "members": 1, **fields} for i in range(count)]


CASES = [
    # The document.
    ("shortest job", BOTH, {}),
    ("status is passed over", BOTH, {"status": {"phase": "Running"}}),
    ("another kind", NEITHER, {"kind": "Job"}),
    ("another version", NEITHER, {"apiVersion": "eoa.io/v1"}),
    ("no spec", NEITHER, {"spec": REMOVED}),
    ("spec that is a list", NEITHER, {"spec": []}),
    ("unknown field at the top", NEITHER, {"specs": {}}),
    ("unknown field in the spec", NEITHER, {"spec.generations": 10}),
    ("unknown field deep down", NEITHER, {EXCHANGE: {"deadline": 10}}),
    ("null means not given", BOTH, {"spec.seed": None, "spec.ecosphere": None, DATASET + ".augmentation": None}),
    ("null for what is required", NEITHER, {"spec.trainer": None}),
    ("null in a list", NEITHER, {"spec.populations.1": None}),

    # Metadata.
    ("no name", NEITHER, {"metadata.name": REMOVED}),
    ("name in upper case", NEITHER, {"metadata.name": "Cifar10"}),
    ("name with a dot", NEITHER, {"metadata.name": "cifar.10"}),
    ("name that begins with a digit", NEITHER, {"metadata.name": "10-cifar"}),
    ("name that ends with a dash", NEITHER, {"metadata.name": "cifar-"}),
    ("longest name", BOTH, {"metadata.name": "a" * 45}),
    ("name too long for its populations", NEITHER, {"metadata.name": "a" * 46}),
    ("name that is a number", NEITHER, {"metadata.name": 10}),
    ("labels and annotations", BOTH, {"metadata.labels": {"example.com/team": "vision", "on": ""}, "metadata.annotations": {"Note.X/y": "a\nb"}}),
    ("label with a space", NEITHER, {"metadata.labels": {"team": "a b"}}),
    ("label that is a number", NEITHER, {"metadata.labels": {"gpus": 8}}),
    ("label key with two slashes", NEITHER, {"metadata.labels": {"a/b/c": "d"}}),
    ("label of 64 characters", NEITHER, {"metadata.labels": {"a": "b" * 64}}),
    ("annotation key without a name", NEITHER, {"metadata.annotations": {"example.com/": "d"}}),
    ("annotations of more than 256 KiB", NEITHER, {"metadata.annotations": {"a": "b" * 4096, **{f"k{i}": "b" * 4096 for i in range(64)}}}),
    ("unknown field in the metadata", NEITHER, {"metadata.nmae": "a"}),

    # Suspension, scale, who manages, seed.
    ("suspended", BOTH, {"spec.suspend": True}),
    ("suspend in quotes", NEITHER, {"spec.suspend": "true"}),
    ("scaled to nothing", BOTH, {"spec.replicas": 0}),
    ("two replicas", NEITHER, {"spec.replicas": 2}),
    ("managed by another", BOTH, {"spec.managedBy": "kueue.x-k8s.io/multikueue"}),
    ("managed by no domain", NEITHER, {"spec.managedBy": "me"}),
    ("largest seed", BOTH, {"spec.seed": 2**53 - 1}),
    ("seed too large", NEITHER, {"spec.seed": 2**53}),
    ("seed far too large", NEITHER, {"spec.seed": 10**23}),
    ("seed below zero", NEITHER, {"spec.seed": -1}),
    ("whole number with a point", BOTH, {"spec.seed": 4.0, WOLVES + ".members": 4.0}),
    ("seed with a fraction", NEITHER, {"spec.seed": 4.5}),
    ("seed in quotes", NEITHER, {"spec.seed": "4"}),

    # What is trained.
    ("resnet-18 on folders of images", BOTH, {MODEL: {"name": "resnet-18", "stem": "ImageNet"}, DATASET + ".name": "imagefolder"}),
    ("no model name", NEITHER, {MODEL: {"imageSize": 32}}),
    ("Wide ResNet of a depth that there is not", NEITHER, {MODEL + ".name": "wrn-18-8"}),
    ("deepest Wide ResNet", BOTH, {MODEL + ".name": "wrn-208-1"}),
    ("Wide ResNet that is too deep", NEITHER, {MODEL + ".name": "wrn-214-1"}),
    ("Wide ResNet of no depth", NEITHER, {MODEL + ".name": "wrn-04-1"}),
    ("shallowest Wide ResNet", BOTH, {MODEL + ".name": "wrn-10-1"}),
    ("Vision Transformer with defaults", BOTH, {MODEL: {"name": "vit-b-16"}}),
    ("Vision Transformer with all it has", BOTH, {
        MODEL: {"name": "vit-h-14", "pretrained": "/w/ViT-H_14.npz", "imageSize": 224, "dropout": 0.1, "attentionDropout": 0.1,
                "stochasticDepth": 0.2, "classifier": "Gap", "zeroHead": True},
        "spec.trainer.activationCheckpointing": True}),
    ("nano Vision Transformer on small images", BOTH, {MODEL: {"name": "vit-n-4", "imageSize": 32}}),
    ("hybrid at 384 pixels on CIFAR", BOTH, {MODEL: {"name": "r50-vit-b-16", "imageSize": 384}}),
    ("CIFAR at 384 pixels without resizing", NEITHER,
     {MODEL: {"name": "vit-b-16", "imageSize": 384}, DATASET + ".augmentation": "cifar"}),
    ("nano Vision Transformer on CIFAR at 64 pixels", NEITHER, {MODEL: {"name": "vit-n-4", "imageSize": 64}}),
    ("Vision Transformer of no published size", NEITHER, {MODEL: {"name": "vit-b-8"}}),
    ("images that patches do not fill", NEITHER, {MODEL: {"name": "vit-h-14", "imageSize": 384}}),
    ("images that a hybrid's patches do not fill", NEITHER, {MODEL: {"name": "r50-vit-b-16", "imageSize": 200}}),
    ("attention dropout in a Wide ResNet", NEITHER, {MODEL: {"name": "wrn-16-8", "attentionDropout": 0.1}}),
    ("stochastic depth in a Wide ResNet", NEITHER, {MODEL: {"name": "wrn-16-8", "stochasticDepth": 0.1}}),
    ("classifier of a Wide ResNet", NEITHER, {MODEL: {"name": "wrn-16-8", "classifier": "Gap"}}),
    ("activation checkpointing in a Wide ResNet", NEITHER, {"spec.trainer.activationCheckpointing": True}),
    ("npz file for a Wide ResNet", NEITHER, {MODEL: {"name": "wrn-16-8", "pretrained": "/w/ViT-B_16.npz"}}),
    ("weights in a pickle", NEITHER, {MODEL: {"name": "vit-b-16", "pretrained": "/w/vit.pth"}}),
    ("dropout in resnet-18", NEITHER, {MODEL: {"name": "resnet-18", "dropout": 0.1}}),
    ("dropout in a Wide ResNet", BOTH, {MODEL + ".dropout": 0.3}),
    ("dropout of everything", NEITHER, {MODEL + ".dropout": 1}),
    ("weights to start from", BOTH, {MODEL + ".pretrained": "/weights/a.safetensors"}),
    ("weights of another format", NEITHER, {MODEL + ".pretrained": "/weights/a.pt"}),
    ("data set that there is not", NEITHER, {DATASET + ".name": "mnist"}),
    ("data set without a path", NEITHER, {DATASET + ".path": REMOVED}),
    ("empty path", NEITHER, {DATASET + ".path": ""}),
    ("path of 1024 letters that are not ASCII", BOTH, {DATASET + ".path": "ü" * 1024}),
    ("path of 1025 letters", NEITHER, {DATASET + ".path": "a" * 1025}),
    ("path with a tab", NEITHER, {DATASET + ".path": "/data/\tcifar"}),
    ("path with a line's end", NEITHER, {DATASET + ".path": "/data\n"}),
    ("path with a control character of Latin-1", NEITHER, {DATASET + ".path": "/data/\u0085"}),
    ("path with a byte order mark", NEITHER, {DATASET + ".path": "/data/\ufeff"}),
    ("path with a line separator", NEITHER, {DATASET + ".path": "/data/\u2028x"}),
    ("CIFAR at its size", BOTH, {MODEL + ".imageSize": 32}),
    ("CIFAR at another size", NEITHER, {MODEL + ".imageSize": 64}),
    ("CIFAR resized", BOTH, {MODEL + ".imageSize": 64, DATASET + ".augmentation": "vit"}),
    ("CIFAR resized and flipped", BOTH, {MODEL + ".imageSize": 64, DATASET + ".augmentation": "vit-flip"}),
    ("mixtures", BOTH, {"spec.trainer.mixup": 0.2}),
    ("mixtures of no such distribution", NEITHER, {"spec.trainer.mixup": -1}),
    ("all images held out", NEITHER, {DATASET + ".validationFraction": 1}),
    ("no images held out", NEITHER, {DATASET + ".validationFraction": 0}),
    ("Nesterov without momentum", NEITHER, {OPTIMIZER: {"nesterov": True, "momentum": 0}}),
    ("Nesterov with momentum", BOTH, {OPTIMIZER: {"nesterov": True}}),
    ("optimizer that there is not", NEITHER, {OPTIMIZER: {"name": "lion"}}),
    ("rho of nothing", NEITHER, {OPTIMIZER: {"name": "sam", "rho": 0}}),
    ("smallest epsilon", BOTH, {OPTIMIZER: {"name": "adamw", "epsilon": 1e-300}}),
    ("precision that there is not", NEITHER, {"spec.trainer.precision": "fp16"}),
    ("device that there is not", NEITHER, {"spec.trainer.device.kind": "Tpu"}),
    ("device of one's choice", BOTH, {"spec.trainer.device.kind": "Cuda", "spec.trainer.device.communication": "Nccl"}),

    # The ecosphere.
    ("generations in steps", BOTH, {"spec.ecosphere": {"generationSteps": 50}}),
    ("generations in epochs and steps", NEITHER, {"spec.ecosphere": {"generationEpochs": 1, "generationSteps": 50}}),
    ("generations in neither", NEITHER, {"spec.ecosphere": {"generationEpochs": 0}}),
    ("no epochs but steps", BOTH, {"spec.ecosphere": {"generationEpochs": 0, "generationSteps": 50}}),
    ("no generations", NEITHER, {"spec.ecosphere": {"generations": 0}}),
    ("warm-up for all generations", NEITHER, {"spec.ecosphere": {"generations": 5, "warmupGenerations": 5}}),
    ("warm-up for all but one", BOTH, {"spec.ecosphere": {"generations": 5, "warmupGenerations": 4}}),
    ("nothing after the probe", NEITHER, {"spec.ecosphere": {"generations": 5, "probeGenerations": 3, "warmupGenerations": 2}}),
    ("a generation after the probe", BOTH, {"spec.ecosphere": {"generations": 5, "probeGenerations": 2, "warmupGenerations": 2}}),
    ("probe without rounds", NEITHER, {"spec.ecosphere": {"probeGenerations": 2, "exchange": {"mode": "Async"}}}),
    ("probe in one world", NEITHER, {"spec.ecosphere": {"probeGenerations": 2, "gradientScope": "Ecosphere"}}),
    ("best without rounds", NEITHER, {"spec.ecosphere": {"weightMerge": "Best", "exchange": {"mode": "Async"}}}),
    ("best in rounds", BOTH, {"spec.ecosphere": {"weightMerge": "Best"}}),
    ("cosine over one generation", BOTH, {"spec.ecosphere": {"generations": 1, "baseline": "CosineStep"}}),
    ("one generation", BOTH, {"spec.ecosphere": {"generations": 1}}),
    ("learning rate of nothing", NEITHER, {"spec.ecosphere": {"baseLearningRate": 0}}),
    ("learning rate in quotes", NEITHER, {"spec.ecosphere": {"baseLearningRate": "0.1"}}),
    ("one world that exchanges freely", NEITHER, {"spec.ecosphere": {"gradientScope": "Ecosphere", "exchange": {"mode": "Async"}}}),
    ("two worlds that exchange freely", BOTH, {EXCHANGE: {"mode": "Async"}}),
    ("quorum of all", BOTH, {EXCHANGE: {"quorum": 2}}),
    ("quorum of more than there are", NEITHER, {EXCHANGE: {"quorum": 3}}),
    ("deadline of nothing", NEITHER, {EXCHANGE: {"deadlineSeconds": 0}}),
    ("fitness on the whole split", BOTH, {"spec.ecosphere": {"fitnessSamples": 5000}}),
    ("fitness on more than the split", NEITHER, {"spec.ecosphere": {"fitnessSamples": 5001}}),
    ("fitness on more than a split that is rounded up", NEITHER, {"spec.ecosphere": {"fitnessSamples": 6173}, DATASET + ".validationFraction": 0.12344}),
    ("fitness on a split that is rounded up", BOTH, {"spec.ecosphere": {"fitnessSamples": 6173}, DATASET + ".validationFraction": 0.12345}),
    ("fitness on many images of another data set", BOTH, {"spec.ecosphere": {"fitnessSamples": 90000}, DATASET + ".name": "webdataset"}),

    # Populations.
    ("no populations", NEITHER, {"spec.populations": []}),
    ("64 populations", BOTH, {"spec.populations": whales(64)}),
    ("65 populations", NEITHER, {"spec.populations": whales(65)}),
    ("4096 members", BOTH, {"spec.populations": whales(4, members=1024)}),
    ("4097 members", NEITHER, {"spec.populations": [*whales(4, members=1024), {"name": "one", "algorithm": {"name": "Whale"}, "members": 1}]}),
    ("two populations of one name", NEITHER, {"spec.populations.1.name": "wolves"}),
    ("population's name with a dot", NEITHER, {WOLVES + ".name": "a.b"}),
    ("population without an algorithm", NEITHER, {RATES: REMOVED}),
    ("algorithm misspelt", NEITHER, {RATES + ".name": "GrayWolf"}),
    ("algorithm of a later version", NEITHER, {RATES + ".name": "ParticleSwarm"}),
    ("three wolves", BOTH, {WOLVES + ".members": 3}),
    ("two wolves", NEITHER, {WOLVES + ".members": 2}),
    ("pods of two", BOTH, {WOLVES + ".membersPerPod": 2}),
    ("pods that do not come out even", NEITHER, {WOLVES + ".membersPerPod": 3}),
    ("step scale by the cosine", BOTH, {RATES + ".stepScale": "Cosine"}),
    ("step scale that is a number", BOTH, {RATES + ".stepScale": 0.25}),
    ("step scale that is a whole number", BOTH, {RATES + ".stepScale": 10}),
    ("step scale of nothing", NEITHER, {RATES + ".stepScale": 0}),
    ("step scale too large", NEITHER, {RATES + ".stepScale": 10.5}),
    ("step scale in other words", NEITHER, {RATES + ".stepScale": "Linear"}),
    ("step scale in quotes", NEITHER, {RATES + ".stepScale": "0.25"}),
    ("step scale that is true", NEITHER, {RATES + ".stepScale": True}),
    ("step scale that is a list", NEITHER, {RATES + ".stepScale": []}),
    ("step scale that is a mapping", NEITHER, {RATES + ".stepScale": {"a": 1}}),
    ("rates between bounds that cross", NEITHER, {RATES + ".minLearningRate": 1, RATES + ".maxLearningRate": 0.1}),
    ("rates between bounds that meet", NEITHER, {RATES + ".minLearningRate": 1, RATES + ".maxLearningRate": 1}),
    ("logarithms down to zero", NEITHER, {RATES + ".space": "Log", RATES + ".minLearningRate": 0}),
    ("linear down to zero", BOTH, {RATES + ".minLearningRate": 0}),
    ("schedule of an algorithm that searches", NEITHER, {RATES + ".schedule": "Cosine"}),
    ("schedule from a file", BOTH, {RATES: {"name": "Fixed", "schedule": "/found/schedule.csv"}}),
    ("schedule that there is not", NEITHER, {RATES: {"name": "Fixed", "schedule": "Step"}}),

    # Pods' templates and claims.
    ("templates", BOTH, {"spec.template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "trainer", "image": "a"}], "x": None}},
                         WOLVES + ".template": {"spec": {"nodeSelector": {"gpu": "h200"}, "priority": 5, "ratio": 0.5}}}),
    ("empty templates", BOTH, {"spec.template": {}, WOLVES + ".template": {"spec": {}}}),
    ("template that is text", NEITHER, {"spec.template": "none"}),
    ("template misspelt", NEITHER, {"spec.template": {"sepc": {}}}),
    ("template with a list for its spec", NEITHER, {"spec.template": {"spec": []}}),
    ("template with items for its spec", NEITHER, {"spec.template": {"spec": [1]}}),
    ("template with text for its spec", NEITHER, {"spec.template": {"spec": "a"}}),
    ("template with a number for its spec", NEITHER, {"spec.template": {"spec": 1}}),
    ("template with true for its metadata", NEITHER, {"spec.template": {"metadata": True}}),
    ("claim", BOTH, {"spec.checkpoint": {"volumeClaim": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}),
    ("claim that is a list", NEITHER, {"spec.checkpoint": {"volumeClaim": []}}),
    ("no checkpoint kept", NEITHER, {"spec.checkpoint": {"keep": 0}}),
    ("claims in any case", BOTH, {"spec.checkpoint": {"storage": "Claim"}}),
    ("storage that there is not", NEITHER, {"spec.checkpoint": {"storage": "Cloud"}}),
    ("never deleted", BOTH, {POLICY: {"ttlSecondsAfterFinished": -1}}),
    ("deleted before the end", NEITHER, {POLICY: {"ttlSecondsAfterFinished": -2}}),
    ("claims retained sometimes", NEITHER, {"spec.checkpoint": {"retain": "Sometimes"}}),

    # When to give up.
    ("best two", BOTH, {POLICY: {"successPolicy": {"type": "BestK", "k": 2}}}),
    ("best three of two", NEITHER, {POLICY: {"successPolicy": {"type": "BestK", "k": 3}}}),
    ("best of no number", NEITHER, {POLICY: {"successPolicy": {"type": "BestK"}}}),
    ("number for all", NEITHER, {POLICY: {"successPolicy": {"k": 1}}}),
    ("deadline as text", NEITHER, {POLICY: {"activeDeadlineSeconds": "1h"}}),
    ("run policy misspelt", NEITHER, {POLICY: {"backofLimit": 1}}),
    ("restarts below zero", NEITHER, {POLICY: {"backoffLimit": -1}}),

    # Where they differ, and why a schema cannot help.
    ("name left to the API server", SERVER_ONLY, {"metadata": {"generateName": "cifar10-"}}, "it has a name when rules are read; a file has none"),
    ("uid with a slash", SERVER_ONLY, {"metadata.uid": "a/b"}, "the API server puts its own in its place before it looks"),
    ("status with unknown fields", EOA_ONLY, {"status": {"colour": "red"}}, "eoa validate does not read the status; the API server drops it, but says so"),
    ("template without a trainer", SERVER_ONLY, {"spec.template": {"spec": {"containers": [{"name": "pytorch"}]}}}, "no rule sees into what the schema leaves open"),
    ("template that restarts never", SERVER_ONLY, {"spec.template": {"spec": {"restartPolicy": "Never"}}}, "as for templates without a trainer"),
    ("claim for checkpoints in pods", SERVER_ONLY, {"spec.checkpoint": {"storage": "Pod", "volumeClaim": {"accessModes": ["ReadWriteOnce"]}}},
     "as for templates without a trainer"),
    ("template with a key of 300 letters", SERVER_ONLY, {"spec.template": {"spec": {"a" * 300: 1}}}, "no schema speaks of keys that it does not know"),
    ("template 70 levels deep", SERVER_ONLY, {"spec.template": {"spec": json.loads('{"a":' * 70 + "1" + "}" * 70)}}, "no schema bounds the depth of what it does not know"),
    ("leading zero", SERVER_ONLY, json.dumps(SHORTEST).replace('"spec": {', '"spec": {"seed": 010, ', 1),
     "the API server's YAML reader takes it for octal before any rule sees it; so does kubectl"),
    ("yes for true", SERVER_ONLY, json.dumps(SHORTEST).replace('"spec": {', '"spec": {"suspend": yes, ', 1), "as for leading zeros"),
]


def text_of(changes):
    """The job as a file has it: JSON, which is YAML."""
    if isinstance(changes, str):
        return changes
    job = copy.deepcopy(SHORTEST)
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = job
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if value is REMOVED:
            del place[last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return json.dumps(job)
