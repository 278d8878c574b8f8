#include "cli/sweep/sweep_file.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/json_object.h"
#include "common/document/document.h"
#include "common/document/findings.h"
#include "common/document/json_document.h"
#include "common/document/read_yaml.h"
#include "common/job/read_object.h"
#include "common/job/schema_builder.h"
#include "common/words/labels.h"

namespace eoa::sweep {
namespace {

using api::Findings;
using api::Node;
using api::ObjectSchema;
using api::SchemaBuilder;

constexpr const char* kArms = "spec.arms";
constexpr const char* kMatrix = "spec.matrix";
constexpr std::size_t kMostValues = 1000;  // of one axis

// The document as it is written. Values of fields are read from its tree instead, in which they have an order and a
// place.
struct Name {
  std::string name;
};
struct Budget {
  int seconds = 0;
  int runs = 0;
};
struct WrittenArm {
  std::string name;
  JsonObject set;
};
struct Spec {
  std::string job;
  int seeds = Sweep().seeds;
  int first_seed = Sweep().first_seed;
  std::vector<WrittenArm> arms;
  JsonObject matrix;
  std::string compare_with;
  int parallel = 0;
  Budget budget;
};
struct Document {
  Name metadata;
  Spec spec;
};

const ObjectSchema& NameSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Name> table("The sweep's name.");
    table.String("name", &Name::name, "The sweep's name; those of its jobs begin with it.")
        .Required()
        .Matches("[a-z]([-a-z0-9]*[a-z0-9])?",
                 "lower-case letters, digits and '-', 40 at most, a letter first and no '-' at the end", 40);
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& BudgetSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Budget> table("How much one call may do; the next one goes on.");
    table.Integer("seconds", &Budget::seconds, 0, 1'000'000'000, "No run begins later than this; 0: no limit.");
    table.Integer("runs", &Budget::runs, 0, 1'000'000, "At most so many runs begin; 0: no limit.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& ArmSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<WrittenArm> table("What is compared: each arm sets fields of the job.");
    table.String("name", &WrittenArm::name, "The arm's name, unique in the sweep.")
        .Required()
        .Matches(
            "[A-Za-z0-9]([-A-Za-z0-9_.+' ]*[-A-Za-z0-9_.+'])?",
            "letters, digits, spaces inside, apostrophes and '-', '_', '.', '+', 60 at most, a letter or digit first",
            60);
    table.FreeObject("set", &WrittenArm::set, "Fields of the job and what they are set to.");
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& SpecSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Spec> table("Which jobs to run.");
    table.String("job", &Spec::job, "The job file that all runs begin with.")
        .Required()
        .Matches("(.|\n)+", "the path of a job file", 4096);
    table.Integer("seeds", &Spec::seeds, 1, 1000, "How many seeds.");
    table.Integer("firstSeed", &Spec::first_seed, 0, 1'000'000'000, "The first seed; the others follow it.");
    table.List("arms", &Spec::arms, 1, 100, ArmSchema());
    table.FreeObject("matrix", &Spec::matrix, "Fields of the job, each with a list of values.");
    table.String("compareWith", &Spec::compare_with, "The arm or variant that the others are compared with.");
    table.Integer("parallel", &Spec::parallel, 0, 1000, "Runs at once; 0: what suits the cores.");
    table.Object("budget", &Spec::budget, BudgetSchema());
    return std::move(table).Build();
  }();
  return schema;
}

const ObjectSchema& DocumentSchema() {
  static const ObjectSchema schema = [] {
    SchemaBuilder<Document> table("Jobs that differ in some fields, and their comparison.");
    table.Constant("apiVersion", std::string(kApiVersion), "");
    table.Constant("kind", "Sweep", "");
    table.Object("metadata", &Document::metadata, NameSchema()).Required();
    table.Object("spec", &Document::spec, SpecSchema()).Required();
    return std::move(table).Build();
  }();
  return schema;
}

// Null where there is none.
const Node* Find(const Node* node, std::string_view name) {
  if (node == nullptr) return nullptr;
  const auto found = std::ranges::find(node->entries, name, &api::Entry::key);
  return found == node->entries.end() ? nullptr : &found->value;
}

// Notes what is wrong with it and returns an empty path.
FieldPath ReadPath(const api::Entry& entry, const std::string& around, Findings& findings) {
  Result<FieldPath> path = ParseFieldPath(entry.key);
  if (path.ok()) return *std::move(path);
  findings.RefuseAt(entry.mark, around, entry.key, path.error().message());
  return {};
}

std::vector<Change> ReadChanges(const Node* set, const std::string& around, Findings& findings) {
  std::vector<Change> changes;
  if (set == nullptr) return changes;
  for (const api::Entry& entry : set->entries) {
    changes.push_back({ReadPath(entry, around, findings), api::NodeToJson(entry.value)});
  }
  return changes;
}

void ReadArms(const Document& document, const Node* arms, Sweep& sweep, Findings& findings) {
  std::set<std::string> names;
  for (std::size_t i = 0; arms != nullptr && i < document.spec.arms.size() && i < arms->items.size(); ++i) {
    const std::string at = std::string(kArms) + "[" + std::to_string(i) + "]";
    const Node& node = arms->items[i];
    const std::string& name = document.spec.arms[i].name;
    if (!name.empty() && !names.insert(name).second) {
      findings.Refuse(at + ".name", name, "must be unique; another arm is called so");
    }
    sweep.arms.push_back({name, ReadChanges(Find(&node, "set"), at + ".set", findings), node.mark});
  }
  if (sweep.arms.empty()) sweep.arms.emplace_back();
}

void ReadMatrix(const Node* matrix, Sweep& sweep, Findings& findings) {
  if (matrix == nullptr) return;
  for (const api::Entry& entry : matrix->entries) {
    Axis axis{
        .field = entry.key, .label = "", .path = ReadPath(entry, kMatrix, findings), .values = {}, .mark = entry.mark};
    const Node& list = entry.value;
    if (list.kind != Node::Kind::kSequence || list.items.empty() || list.items.size() > kMostValues) {
      findings.RefuseAt(list.mark, std::string(kMatrix) + "." + entry.key, list.text,
                        "must be a list of 1 to " + std::to_string(kMostValues) + " values");
      continue;
    }
    for (const Node& value : list.items) axis.values.push_back(api::NodeToJson(value));
    sweep.matrix.push_back(std::move(axis));
  }
  if (std::ranges::any_of(sweep.matrix, [](const Axis& each) { return each.path.empty(); })) return;
  for (Axis& axis : sweep.matrix) {
    const auto alike = [&axis](const Axis& other) { return other.path.back().name == axis.path.back().name; };
    axis.label = std::ranges::count_if(sweep.matrix, alike) > 1 ? axis.field : axis.path.back().name;
  }
}

}  // namespace

SweepOutcome ReadSweep(std::string_view text) {
  const api::YamlOutcome yaml = api::ReadYaml(text, {"a", "Sweep"});
  if (!yaml.root) return {std::nullopt, yaml.mistakes};
  Findings findings;
  for (const api::Mistake& mistake : yaml.mistakes) {
    findings.RefuseAt(mistake.mark, mistake.field, mistake.value, mistake.message);
  }
  findings.NotePlace("", yaml.root->mark);
  Document document;
  api::ReadObject(DocumentSchema(), *yaml.root, "", &document, findings);
  const Spec& spec = document.spec;
  Sweep sweep{.name = document.metadata.name,
              .job = spec.job,
              .compare_with = spec.compare_with,
              .first_seed = spec.first_seed,
              .seeds = spec.seeds,
              .parallel = spec.parallel,
              .budget_seconds = spec.budget.seconds,
              .budget_runs = spec.budget.runs,
              .arms = {},
              .matrix = {}};
  const Node* written = Find(&*yaml.root, "spec");
  ReadArms(document, Find(written, "arms"), sweep, findings);
  ReadMatrix(Find(written, "matrix"), sweep, findings);
  SweepOutcome outcome{std::nullopt, findings.TakeMistakes()};
  if (outcome.mistakes.empty()) outcome.sweep = std::move(sweep);
  return outcome;
}

}  // namespace eoa::sweep
