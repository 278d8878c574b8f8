#include "common/api/job.h"
#include "common/api/schema_builder.h"
#include "common/api/schema_tables.h"

namespace eoa::api {
namespace {

const ObjectSchema& ModelSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Model> table("The network that all members train.");
    table
        .String("name", &Model::name,
                "`wrn-D-K` is a Wide ResNet with D = 6n + 4 layers (10, 16, 22, 28, 40, ...), K times as wide; "
                "`resnet-18` is "
                "the ResNet with 18 layers.")
        .Required()
        .Matches("wrn-[1-9][0-9]{1,2}-[1-9][0-9]?|resnet-18", "wrn-D-K (such as wrn-16-8) or resnet-18", 64)
        .Suggest({"resnet-18"})
        .Later({"vit-b-16", "vit-b-32", "vit-l-16", "vit-l-32", "vit-h-14", "r50-vit-b-16"});
    table
        .String("pretrained", &Model::pretrained,
                "A `.safetensors` file of weights to start from; empty: random weights.")
        .Matches("(.*[.]safetensors)?", "a .safetensors file", 1024);
    table
        .Integer("imageSize", &Model::image_size, 8, 1024,
                 "Side of the square images that the network sees, in pixels.")
        .DerivedFrom("32 for CIFAR and for wrn-*, else 224");
    table.Number("dropout", &Model::dropout, 0, 1, "Probability of dropping a feature inside a Wide ResNet's blocks.")
        .Below(1);
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
        .Word("augmentation", &DatasetSpec::augmentation, {"none", "cifar", "cifar-cutout", "vit", "imagenet"},
              "How training images are varied: `cifar` crop with 4 pixels of padding, flip; `cifar-cutout` besides a "
              "16x16 hole in "
              "every second image; `vit` random resized crop; `imagenet` random resized crop, flip; `none` only "
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

}  // namespace

const ObjectSchema& TrainerSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<TrainerSpec> table("What every member trains.");
    table.Object("model", &TrainerSpec::model, ModelSchema()).Required();
    table.Object("dataset", &TrainerSpec::dataset, DatasetSchema()).Required();
    table.Object("optimizer", &TrainerSpec::optimizer, OptimizerSchema());
    table.Number("labelSmoothing", &TrainerSpec::label_smoothing, 0, 1, "Probability that is spread over all classes.")
        .Below(1);
    table.Integer("batchSizePerMember", &TrainerSpec::batch_size_per_member, 1, 65536,
                  "Images of one forward pass of one member.");
    table.Integer("gradientAccumulation", &TrainerSpec::gradient_accumulation, 1, 1024, "Forward passes of one step.");
    table.Word("precision", &TrainerSpec::precision, {"fp32", "tf32", "bf16"},
               "Of the arithmetic; parameters stay in fp32. `tf32` means fp32 where there are no tensor cores.");
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace eoa::api
