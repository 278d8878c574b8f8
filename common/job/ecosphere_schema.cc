
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
        "mode", &Exchange::mode,
        "`Sync` waits, within the deadline, for this generation's reports; `Async` answers at once with the newest "
        "reports it has, so that populations of different speed never wait for each other.");
    table.Integer("deadlineSeconds", &Exchange::deadline_seconds, 1, 86400,
                  "Longest wait at a generation's end. A population that has no answer by then goes on with the "
                  "last decision.");
    table.Integer("quorum", &Exchange::quorum, 0, 64,
                  "How many populations must have reported before the deadline may close a round; 0: all that run.");
    table.Integer("maxStaleness", &Exchange::max_staleness, 0, 1000,
                  "Async: reports older than this number of generations take no part in an election.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& AlgorithmSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<AlgorithmSpec> table(
        "How a population finds its members' next learning rates. Equations: [algorithm.md](algorithm.md).");
    table
        .Word("name", &AlgorithmSpec::name,
              "`GreyWolf` and `Whale` search around the baseline; `Fixed` follows a schedule, to compare with or to "
              "repeat.")
        .Required()
        .Later({"ParticleSwarm", "DifferentialEvolution", "PopulationBased"});
    table.Word(
        "step", &AlgorithmSpec::step,
        "How the length of a step is computed. `Scaled` and `Canonical` work for learning rates of any size; the "
        "others are the authors' and fit the learning rates that the authors started from.");
    table
        .WordOrNumber(
            "stepScale", {"Cosine"}, 0, 10,
            [](const AlgorithmSpec& spec) { return spec.step_scale_cosine ? Json("Cosine") : Json(spec.step_scale); },
            [](AlgorithmSpec& spec, const Json& value) {
              spec.step_scale_cosine = value.is_string();
              spec.step_scale = value.is_string() ? 0 : value.get<double>();
            },
            "The factor delta that multiplies every step. `Cosine` falls from 1 to 0 over the generations.")
        .Above(0)
        .DerivedFrom("Cosine for Scaled and Affine, 0.25 for Canonical, 0.01 for AffineRelative, 0.2 for Proportional");
    table.Boolean("absoluteDistance", &AlgorithmSpec::absolute_distance,
                  "Whether distances are absolute values; false: as in the authors' CIFAR-100 program.");
    table.Word("space", &AlgorithmSpec::space, "Whether the equations work on learning rates or on their logarithms.");
    table.Number("minLearningRate", &AlgorithmSpec::min_learning_rate, 0, 1000,
                 "Smallest learning rate: smaller ones are set to it.");
    table
        .Number("maxLearningRate", &AlgorithmSpec::max_learning_rate, 0, 1000,
                "Largest learning rate: larger ones are set to it.")
        .Above(0);
    table
        .String("schedule", &AlgorithmSpec::schedule,
                "Fixed: `Constant`, `Cosine` (from the start to 0 over the generations), or a `.csv` file such as `eoa "
                "run` writes.")
        .Matches("Constant|Cosine|.*[.]csv", "Constant, Cosine or a .csv file", 1024)
        .Suggest({"Constant", "Cosine"});
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace

const ObjectSchema& EcosphereSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Ecosphere> table(
        "What all populations share: generations, start, and what they take from each other.");
    table.Integer("generations", &Ecosphere::generations, 1, 100'000, "Number of generations of the run.");
    table
        .Integer("generationEpochs", &Ecosphere::generation_epochs, 0, 10'000,
                 "Length of a generation, in passes over the training set.")
        .DerivedFrom("1, or 0 when generationSteps is given");
    table.Integer("generationSteps", &Ecosphere::generation_steps, 0, 1'000'000'000,
                  "Length of a generation in steps, instead of generationEpochs.");
    table
        .Number("baseLearningRate", &Ecosphere::base_learning_rate, 0, 1000,
                "The start learning rates are this times a factor; see initialScaling.")
        .Above(0);
    table.Word(
        "scalingUnit", &Ecosphere::scaling_unit,
        "What K in initialScaling is: the number of members of the ecosphere, or the number of images in one step of "
        "all members, divided by 256.");
    table.Integer(
        "warmupGenerations", &Ecosphere::warmup_generations, 0, 100'000,
        "Number of generations in which learning rates rise linearly from baseLearningRate to their start, without "
        "an election.");
    table.Integer(
        "probeGenerations", &Ecosphere::probe_generations, 0, 10,
        "For who does not know the learning rate: in so many generations at the start the populations try learning "
        "rates from a hundredth to a hundred times baseLearningRate, each from the initial weights, and training then "
        "begins from the best.");
    table.Word("baseline", &Ecosphere::baseline,
               "What populations search around: the elected learning rate, the mean of it and a falling cosine, the "
               "elected one lowered along a cosine, or (CosineMultiplier) that cosine times the mean of what the "
               "elected and the start rate are multiples of it.");
    table.Word(
        "gradientScope", &Ecosphere::gradient_scope,
        "Who averages gradients: each population on its own, or all populations together (the authors' setting).");
    table.Word("weightMerge", &Ecosphere::weight_merge,
               "What weights the members go on with after a generation: their mean, those of the elected member if its "
               "fitness improved, or each with its own.");
    table.Integer(
        "fitnessSamples", &Ecosphere::fitness_samples, 0, 100'000'000,
        "Number of validation images that fitness is measured on in each generation, the same for all members; 0: the "
        "whole split.");
    table.Object("exchange", &Ecosphere::exchange, ExchangeSchema());
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& PopulationSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<PopulationSpec> table("Populations: members that evolve their learning rates with one algorithm.");
    table.String("name", &PopulationSpec::name, "The population's name, unique in the job.")
        .Required()
        .Matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?", "lower-case letters, digits and '-', 63 at most, no '-' at the ends",
                 63);
    table.Object("algorithm", &PopulationSpec::algorithm, AlgorithmSchema()).Required();
    table.Word("initialScaling", &PopulationSpec::initial_scaling,
               "Start learning rates are baseLearningRate times K, its square root, or 1. The authors start Whale "
               "populations by the square root.");
    table
        .Integer("members", &PopulationSpec::members, 1, 1024,
                 "Number of trainer processes (GPUs); each has a learning rate of its own.")
        .Required();
    table.Integer("membersPerPod", &PopulationSpec::members_per_pod, 1, 64,
                  "How many members share one pod; it must divide `members`.");
    table
        .FreeObject("template", &PopulationSpec::pod_template,
                    "Laid over `spec.template` for this population; it can be changed whenever that can.")
        .Keys({"metadata", "spec"});
    return std::move(table).Build();
  }();
  return schema;
}

}  // namespace eoa::api
