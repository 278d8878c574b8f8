#include "common/job/job.h"
#include "common/job/schema_builder.h"
#include "common/job/schema_tables.h"

namespace eoa::api {
namespace {

const ObjectSchema& ModelSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Model> table("The network that all members train.");
    table
        .String("name", &Model::name,
                "`wrn-D-K` is a Wide ResNet with D = 6n + 4 layers (10, 16, 22, 28, 40, ...), K times as wide; "
                "`resnet-18` is "
                "the ResNet with 18 layers; `vit-SIZE-PATCH` is a Vision Transformer of size n (nano, 0.1 million "
                "parameters), ti, s, b, l or h; `r50-vit-b-16` has a ResNet-50 before it. "
                "[models.md](models.md) lists them.")
        .Required()
        .Matches("wrn-[1-9][0-9]{1,2}-[1-9][0-9]?|resnet-18|vit-(n-4|ti-16|s-16|b-16|b-32|l-16|l-32|h-14)|r50-vit-b-16",
                 "wrn-D-K (such as wrn-16-8), resnet-18, vit-n-4, vit-ti-16, vit-s-16, vit-b-16, vit-b-32, vit-l-16, "
                 "vit-l-32, vit-h-14 or r50-vit-b-16",
                 64)
        .Suggest({"resnet-18", "vit-n-4", "vit-ti-16", "vit-s-16", "vit-b-16", "vit-b-32", "vit-l-16", "vit-l-32",
                  "vit-h-14", "r50-vit-b-16"});
    table
        .String("pretrained", &Model::pretrained,
                "A file of weights to start from: `.safetensors`, or for Vision Transformers one of Google's `.npz` "
                "checkpoints; empty: random weights. See [models.md](models.md).")
        .Matches("(.*[.](safetensors|npz))?", "a .safetensors or .npz file", 1024);
    table
        .Integer("imageSize", &Model::image_size, 8, 1024,
                 "Side of the square images that the network sees, in pixels.")
        .DerivedFrom("32 for wrn-*, vit-n-4 and resnet-18 on CIFAR, else 224");
    table
        .Number("dropout", &Model::dropout, 0, 1,
                "Probability of dropping a feature inside the blocks of a Wide ResNet or a Vision Transformer.")
        .Below(1);
    table
        .Number("attentionDropout", &Model::attention_dropout, 0, 1,
                "Vision Transformers: probability that a token does not attend to another.")
        .Below(1);
    table
        .Number("stochasticDepth", &Model::stochastic_depth, 0, 1,
                "Vision Transformers: probability that an image skips a branch of the last block; it falls linearly to "
                "0 at the first.")
        .Below(1);
    table.Word("classifier", &Model::classifier, {"Token", "Gap"},
               "Vision Transformers: the head reads the class `Token`, or the mean of all others (`Gap`).");
    table.Word("stem", &Model::stem, {"Auto", "Cifar", "ImageNet"},
               "First layers of resnet-18: `Cifar` 3x3 without pooling, `ImageNet` 7x7 with stride 2 and pooling, "
               "`Auto` by imageSize "
               "(up to 64: Cifar).");
    table.Boolean("zeroHead", &Model::zero_head, "Start the classifier at zero, as the authors' WRN program does.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& DatasetSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<DatasetSpec> table("The images. Format and layout: [data.md](data.md).");
    table
        .Word("name", &DatasetSpec::name, {"cifar10", "cifar100", "imagefolder", "webdataset"},
              "`cifar10` and `cifar100` are the official binary files, `imagefolder` has one folder of images for each "
              "class, "
              "`webdataset` is tar files.")
        .Required();
    table
        .String("path", &DatasetSpec::path,
                "The directory that holds it. `eoa run` counts a relative path from the job file's folder; in a pod it "
                "is a path of the "
                "trainer's container.")
        .Required()
        .Matches(".+", "a directory", 1024);
    table
        .Word("augmentation", &DatasetSpec::augmentation,
              {"none", "cifar", "cifar-cutout", "vit", "vit-flip", "imagenet"},
              "How training images are varied: `cifar` crop with 4 pixels of padding, flip; `cifar-cutout` besides a "
              "16x16 hole in "
              "every second image; `vit` random resized crop, `vit-flip` besides a flip; `imagenet` random resized "
              "crop, flip; `none` only "
              "normalises.")
        .DerivedFrom("cifar for CIFAR, else imagenet");
    table
        .Number("validationFraction", &DatasetSpec::validation_fraction, 0, 1,
                "Share of the training set that is held out, by a seeded stratified draw. Fitness is measured on it, "
                "never on the test set.")
        .Above(0)
        .Below(1);
    table.Integer("loaderThreads", &DatasetSpec::loader_threads, 1, 64,
                  "Threads of each member that read and augment images.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& OptimizerSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<OptimizerSpec> table(
        "How a member steps. The learning rate is not here: it is what the populations evolve.");
    table.Word("name", &OptimizerSpec::name, {"sgd", "adamw", "sam", "asam"},
               "`sam` and `asam` are sharpness-aware minimisation over SGD; they take two passes a step.");
    table.Number("momentum", &OptimizerSpec::momentum, 0, 1, "Of SGD, also under sam and asam.").Below(1);
    table.Boolean("nesterov", &OptimizerSpec::nesterov, "Nesterov's form of momentum.");
    table.Number("weightDecay", &OptimizerSpec::weight_decay, 0, 10,
                 "Added to the gradient (sgd, sam, asam) or decoupled (adamw).");
    table.Number("rho", &OptimizerSpec::rho, 0, 10, "sam, asam: radius of the ascent step.")
        .Above(0)
        .DerivedFrom("0.5 for asam, else 0.05");
    table.Word("asamForm", &OptimizerSpec::asam_form, {"Davda54", "Original"},
               "asam: the form of the implementation that EOA's authors use, or that of the ASAM paper.");
    table.Word(
        "gradientSync", &OptimizerSpec::gradient_sync, {"BothPasses", "SecondPass"},
        "sam, asam: average gradients over the members in both passes, or only in the second; then each member ascends "
        "along its own gradient, which costs half the communication.");
    table.Number("beta1", &OptimizerSpec::beta1, 0, 1, "adamw: decay of the first moment.").Below(1);
    table.Number("beta2", &OptimizerSpec::beta2, 0, 1, "adamw: decay of the second moment.").Below(1);
    table.Number("epsilon", &OptimizerSpec::epsilon, 0, 1, "adamw: added to the denominator.").Above(0);
    table.Number("clipGradientNorm", &OptimizerSpec::clip_gradient_norm, 0, 1e6,
                 "Gradients whose norm over all parameters is larger are scaled down to it; 0: off.");
    table.Boolean("resetEachGeneration", &OptimizerSpec::reset_each_generation,
                  "Drop momentum at each generation, as the authors' WRN programs do.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& DeviceSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<DeviceSpec> table(
        "What members compute on, see [gpu.md](gpu.md). The switches are for finding out what each of them gains.");
    table.Word("kind", &DeviceSpec::kind, {"Auto", "Cpu", "Cuda"},
               "`Auto` takes a GPU where there is one; `Cuda` fails where there is none.");
    table.Boolean("graphs", &DeviceSpec::graphs, "GPU: record a step's kernels once and launch them as one.");
    table.Boolean("residentData", &DeviceSpec::resident_data,
                  "GPU: keep a small data set in the GPU's memory and augment images there.");
    table.Word("communication", &DeviceSpec::communication, {"Auto", "Nccl", "Peer", "Gloo"},
               "How gradients and weights travel between GPUs' members. `Auto`: `Nccl` where each member has a GPU of "
               "its own, `Peer` (memory that processes share) where all of a world have the same one, else `Gloo`.");
    table.Word("gradientCompression", &DeviceSpec::gradient_compression, {"None", "Bf16"},
               "GPU: `Bf16` sends gradients at half the size, rounded.");
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace

const ObjectSchema& TrainerSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<TrainerSpec> table("What every member trains.");
    table.Object("model", &TrainerSpec::model, ModelSchema()).Required();
    table.Object("dataset", &TrainerSpec::dataset, DatasetSchema()).Required();
    table.Object("optimizer", &TrainerSpec::optimizer, OptimizerSchema());
    table.Number("labelSmoothing", &TrainerSpec::label_smoothing, 0, 1, "Probability that is spread over all classes.")
        .Below(1);
    table.Number("mixup", &TrainerSpec::mixup, 0, 100,
                 "Train on mixtures of two images of a batch and of their labels, with shares from Beta(mixup, mixup) "
                 "(Zhang et al. 2018); 0: off.");
    table.Integer("batchSizePerMember", &TrainerSpec::batch_size_per_member, 1, 65536,
                  "Images of one forward pass of one member.");
    table.Boolean("activationCheckpointing", &TrainerSpec::activation_checkpointing,
                  "Vision Transformers: keep only each block's input for the backward pass and compute the rest again: "
                  "a fraction of the memory for a third more time.");
    table.Integer("gradientAccumulation", &TrainerSpec::gradient_accumulation, 1, 1024, "Forward passes of one step.");
    table.Word("precision", &TrainerSpec::precision, {"fp32", "tf32", "bf16"},
               "Of the arithmetic; parameters stay in fp32. `tf32` means fp32 where there are no tensor cores.");
    table.Object("device", &TrainerSpec::device, DeviceSchema());
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace eoa::api
