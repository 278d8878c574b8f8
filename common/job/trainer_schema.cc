#include "common/job/job.h"
#include "common/job/models.h"
#include "common/job/schema_builder.h"
#include "common/job/schema_tables.h"

namespace eoa::api {
namespace {

const ObjectSchema& ModelSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Model> table("The network that all members train.");
    std::vector<std::string> single_names;
    for (const ModelRow& row : Models()) {
      if (row.pattern.empty()) single_names.emplace_back(row.name);
    }
    table
        .String(
            "name", &Model::name,
            "`wrn-D-K` is a Wide ResNet with D = 6n + 4 layers (10, 16, 22, 28, 40, ...), K times as wide; "
            "`resnet-18` is the ResNet with 18 layers; `vit-SIZE-PATCH` is a Vision Transformer of size n (nano, 0.1 "
            "million parameters), ti, s, b, l or h; `r50-vit-b-16` is one behind a ResNet-50. "
            "[models.md](models.md) lists them.")
        .Required()
        .Matches(ModelPattern(), ModelNames(), 64)
        .Suggest(std::move(single_names));
    table
        .String(
            "pretrained", &Model::pretrained,
            "A file with the weights to start from: `.safetensors`, or for Vision Transformers one of Google's `.npz` "
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
                "Vision Transformers: probability that a token ignores another one.")
        .Below(1);
    table
        .Number(
            "stochasticDepth", &Model::stochastic_depth, 0, 1,
            "Vision Transformers: probability that an image skips a branch of the last block. For the blocks before "
            "it the probability falls linearly, to 0 at the first.")
        .Below(1);
    table.Word("classifier", &Model::classifier,
               "Vision Transformers: the classifier reads the class token (`Token`), or the mean of all other tokens "
               "(`Gap`).");
    table.Word("stem", &Model::stem,
               "First layers of resnet-18: `Cifar` is a 3x3 convolution without pooling, `ImageNet` a 7x7 convolution "
               "with stride 2 and pooling; `Auto` takes `Cifar` up to imageSize 64, else `ImageNet`.");
    table.Boolean("zeroHead", &Model::zero_head,
                  "Whether the classifier starts with weights of zero, as in the authors' WRN program.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& DatasetSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<DatasetSpec> table("The images. Format and layout: [data.md](data.md).");
    table
        .Word("name", &DatasetSpec::name,
              "`cifar10` and `cifar100` are the official binary files, `imagefolder` is one folder of images for each "
              "class, `webdataset` is a set of tar files.")
        .Required();
    table
        .String(
            "path", &DatasetSpec::path,
            "The directory that holds the data set. For `eoa run` a relative path begins at the job file's folder; in "
            "a pod it is a path in the trainer's container.")
        .Required()
        .Matches(".+", "a directory", 1024);
    table
        .Word(
            "augmentation", &DatasetSpec::augmentation,
            "How training images are varied. `cifar`: crop with 4 pixels of padding, and flip; `cifar-cutout`: also a "
            "16x16 hole in every second image; `vit`: random resized crop; `vit-flip`: also a flip; `imagenet`: random "
            "resized crop, and flip; `none`: only normalised.")
        .DerivedFrom("vit for Vision Transformers but vit-n-4, else cifar for CIFAR, else imagenet");
    table
        .Number(
            "validationFraction", &DatasetSpec::validation_fraction, 0, 1,
            "Share of the training set that is held out: the same share of every class, drawn from the seed. Fitness "
            "is measured on it, never on the test set.")
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
        "The optimizer of every member. Its learning rate is not set here: the populations evolve it.");
    table.Word("name", &OptimizerSpec::name,
               "`sam` and `asam` are sharpness-aware minimisation with SGD; each step takes two passes.");
    table.Number("momentum", &OptimizerSpec::momentum, 0, 1, "sgd, sam, asam: momentum of SGD.").Below(1);
    table.Boolean("nesterov", &OptimizerSpec::nesterov, "sgd, sam, asam: Nesterov's form of momentum.");
    table.Number("weightDecay", &OptimizerSpec::weight_decay, 0, 10,
                 "Weight decay: added to the gradient (sgd, sam, asam) or decoupled from it (adamw).");
    table.Number("rho", &OptimizerSpec::rho, 0, 10, "sam, asam: radius of the ascent step.")
        .Above(0)
        .DerivedFrom("0.5 for asam, else 0.05");
    table.Word("asamForm", &OptimizerSpec::asam_form,
               "asam: the form of the implementation that EOA's authors use, or that of the ASAM paper.");
    table.Word(
        "gradientSync", &OptimizerSpec::gradient_sync,
        "sam, asam: whether members average their gradients in both passes or only in the second. With `SecondPass` "
        "each member ascends along its own gradient, which halves the communication.");
    table.Number("beta1", &OptimizerSpec::beta1, 0, 1, "adamw: decay of the first moment.").Below(1);
    table.Number("beta2", &OptimizerSpec::beta2, 0, 1, "adamw: decay of the second moment.").Below(1);
    table.Number("epsilon", &OptimizerSpec::epsilon, 0, 1, "adamw: added to the denominator.").Above(0);
    table.Number("clipGradientNorm", &OptimizerSpec::clip_gradient_norm, 0, 1e6,
                 "Largest norm of the gradient over all parameters: a larger one is scaled down to it; 0: off.");
    table.Boolean("resetEachGeneration", &OptimizerSpec::reset_each_generation,
                  "Whether momentum starts at zero in each generation, as in the authors' WRN programs.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& DeviceSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<DeviceSpec> table(
        "What members compute on; see [gpu.md](gpu.md). Switch single optimisations off here to measure what they "
        "gain.");
    table.Word("kind", &DeviceSpec::kind,
               "`Auto` takes a GPU where there is one, else the CPU; `Cuda` fails where there is no GPU.");
    table.Boolean("graphs", &DeviceSpec::graphs,
                  "GPU: whether a step's kernels are recorded once and then launched as one.");
    table.Boolean("residentData", &DeviceSpec::resident_data,
                  "GPU: whether a small data set is kept in the GPU's memory and augmented there.");
    table.Word(
        "communication", &DeviceSpec::communication,
        "How gradients and weights travel between members on GPUs. `Auto`: `Nccl` where each member has a GPU of "
        "its own, `Peer` (memory that processes share) where all members share one GPU, else `Gloo`.");
    table.Word("gradientCompression", &DeviceSpec::gradient_compression,
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
    table
        .Number("labelSmoothing", &TrainerSpec::label_smoothing, 0, 1,
                "Share of each label's probability that is spread evenly over all classes.")
        .Below(1);
    table.Number("mixup", &TrainerSpec::mixup, 0, 100,
                 "Train on mixtures of two images of a batch and of their labels, with shares drawn from Beta(mixup, "
                 "mixup) (Zhang et al. 2018); 0: off.");
    table.Integer("batchSizePerMember", &TrainerSpec::batch_size_per_member, 1, 65536,
                  "Number of images in one forward pass of one member.");
    table.Boolean("activationCheckpointing", &TrainerSpec::activation_checkpointing,
                  "Vision Transformers: keep only each block's input for the backward pass and compute the rest again. "
                  "It takes a fraction of the memory and a third more time.");
    table.Integer("gradientAccumulation", &TrainerSpec::gradient_accumulation, 1, 1024,
                  "Number of forward passes whose gradients are added up in one step.");
    table.Word(
        "precision", &TrainerSpec::precision,
        "Precision of the arithmetic; parameters stay in fp32. `tf32` means fp32 where there are no tensor cores.");
    table.Object("device", &TrainerSpec::device, DeviceSchema());
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace eoa::api
