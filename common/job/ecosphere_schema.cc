#include "common/job/job.h"
#include "common/job/schema_builder.h"
#include "common/job/schema_tables.h"

namespace eoa::api {
namespace {

using Json = nlohmann::ordered_json;

const ObjectSchema& ExchangeSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Exchange> table("How populations exchange what they found at a generation's end.");
    table.Word(
        "mode", &Exchange::mode, {"Sync", "Async"},
        "`Sync` waits, within the deadline, for the reports of this generation; `Async` answers at once with the "
        "freshest ones, so that populations of unlike speed never wait for each other.");
    table.Integer("deadlineSeconds", &Exchange::deadline_seconds, 1, 86400,
                  "Longest wait of a generation's end. A population without an answer goes on with its last baseline.");
    table.Integer("quorum", &Exchange::quorum, 0, 64,
                  "Populations that must have reported before the deadline may close a round; 0: all that run.");
    table.Integer("maxStaleness", &Exchange::max_staleness, 0, 1000,
                  "Async: age in generations of the oldest report that takes part.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& AlgorithmSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<AlgorithmSpec> table(
        "How a population finds its members' next learning rates. Equations: [algorithm.md](algorithm.md).");
    table
        .Word(
            "name", &AlgorithmSpec::name, {"GreyWolf", "Whale", "Fixed"},
            "`GreyWolf` and `Whale` search around the baseline; `Fixed` follows a schedule, for comparison and replay.")
        .Required()
        .Later({"ParticleSwarm", "DifferentialEvolution", "PopulationBased"});
    table.Word("step", &AlgorithmSpec::step, {"Scaled", "Canonical", "Affine", "AffineRelative", "Proportional"},
               "How far a step goes. `Scaled` and `Canonical` are scale-free; the others are the authors' and suit the "
               "learning rates "
               "that they started from.");
    table
        .WordOrNumber(
            "stepScale", {"Cosine"}, 0, 10,
            [](const AlgorithmSpec& spec) { return spec.step_scale_cosine ? Json("Cosine") : Json(spec.step_scale); },
            [](AlgorithmSpec& spec, const Json& value) {
              spec.step_scale_cosine = value.is_string();
              spec.step_scale = value.is_string() ? 0 : value.get<double>();
            },
            "The factor delta of every step. `Cosine` falls from 1 to 0 over the generations.")
        .Above(0)
        .DerivedFrom("Cosine for Scaled and Affine, 0.25 for Canonical, 0.01 for AffineRelative, 0.2 for Proportional");
    table.Boolean("absoluteDistance", &AlgorithmSpec::absolute_distance,
                  "Distances are absolute values; false: as in the authors' CIFAR-100 program.");
    table.Word("space", &AlgorithmSpec::space, {"Linear", "Log"},
               "Where the equations run: on learning rates or on their logarithms.");
    table.Number("minLearningRate", &AlgorithmSpec::min_learning_rate, 0, 1000,
                 "Learning rates are clipped to this from below.");
    table
        .Number("maxLearningRate", &AlgorithmSpec::max_learning_rate, 0, 1000,
                "Learning rates are clipped to this from above.")
        .Above(0);
    table
        .String("schedule", &AlgorithmSpec::schedule,
                "Fixed: `Constant`, `Cosine` (from the start to 0 over the generations), or a `.csv` file as `eoa run` "
                "writes it.")
        .Matches("Constant|Cosine|.*[.]csv", "Constant, Cosine or a .csv file", 1024)
        .Suggest({"Constant", "Cosine"});
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace

const ObjectSchema& EcosphereSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Ecosphere> table("What all populations share: generations, where they start, how they migrate.");
    table.Integer("generations", &Ecosphere::generations, 1, 100'000, "Generations of the whole run.");
    table
        .Integer("generationEpochs", &Ecosphere::generation_epochs, 0, 10'000,
                 "Length of a generation, in passes over the training set.")
        .DerivedFrom("1, or 0 when generationSteps is given");
    table.Integer("generationSteps", &Ecosphere::generation_steps, 0, 1'000'000'000,
                  "Length of a generation in steps, instead of generationEpochs.");
    table
        .Number("baseLearningRate", &Ecosphere::base_learning_rate, 0, 1000,
                "What start learning rates are scaled from.")
        .Above(0);
    table.Word(
        "scalingUnit", &Ecosphere::scaling_unit, {"Members", "Batch256"},
        "K of the initial scaling: the ecosphere's members, or the images of one step of all of them divided by 256.");
    table.Integer(
        "warmupGenerations", &Ecosphere::warmup_generations, 0, 100'000,
        "Generations in which learning rates rise linearly from baseLearningRate to their start, without election.");
    table.Word("baseline", &Ecosphere::baseline, {"Elected", "CosineBlend", "CosineStep"},
               "What populations search around: the elected learning rate, its mean with a falling cosine, or the "
               "elected one lowered along a "
               "cosine.");
    table.Word("gradientScope", &Ecosphere::gradient_scope, {"Population", "Ecosphere"},
               "Who averages gradients: each population for itself, or all together (the authors' setting).");
    table.Word("weightMerge", &Ecosphere::weight_merge, {"Average", "Best", "None"},
               "What becomes of the members' weights at a generation's end: their mean, the elected member's if "
               "fitness improved, or each "
               "keeps its own.");
    table.Integer(
        "fitnessSamples", &Ecosphere::fitness_samples, 0, 100'000'000,
        "Validation images by which a member is judged each generation, the same for all; 0: the whole split.");
    table.Object("exchange", &Ecosphere::exchange, ExchangeSchema());
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& PopulationSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<PopulationSpec> table(
        "The populations: members that evolve their learning rates with one algorithm.");
    table.String("name", &PopulationSpec::name, "Unique in the job.")
        .Required()
        .Matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?", "lower-case letters, digits and '-', 63 at most, no '-' at the ends",
                 63);
    table.Object("algorithm", &PopulationSpec::algorithm, AlgorithmSchema()).Required();
    table
        .Word("initialScaling", &PopulationSpec::initial_scaling, {"Linear", "SquareRoot", "None"},
              "Start learning rates are baseLearningRate times K, its square root, or 1.")
        .DerivedFrom("Linear for GreyWolf, SquareRoot for Whale, None for Fixed");
    table
        .Integer("members", &PopulationSpec::members, 1, 1024,
                 "Trainer processes (GPUs), each with its own learning rate.")
        .Required();
    table.Integer("membersPerPod", &PopulationSpec::members_per_pod, 1, 64,
                  "How many of them share one pod; divides `members`.");
    table
        .FreeObject("template", &PopulationSpec::pod_template,
                    "Overlays `spec.template` for this population; may change when that may.")
        .Keys({"metadata", "spec"});
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace eoa::api
