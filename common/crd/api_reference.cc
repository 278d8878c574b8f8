#include "common/crd/api_reference.h"

#include <cctype>
#include <string_view>

#include "common/base/json_guard.h"
#include "common/document/plain_number.h"
#include "common/job/schema.h"

namespace eoa::api {
namespace {

constexpr std::string_view kIntroduction = R"(# The job file

An EOAJob says what to train, on what, and who evolves the learning rates. It is YAML or JSON. This page is written from the schema that
also reads and checks job files (`common/job/*_schema.cc`); a test fails when the two differ.

```yaml
apiVersion: eoa.io/v1alpha1
kind: EOAJob
metadata:
  name: cifar10
spec:
  trainer:
    model: {name: wrn-16-8}
    dataset: {name: cifar10, path: /data/cifar10}
  populations:
  - {name: wolves, algorithm: {name: GreyWolf}, members: 4}
  - {name: whales, algorithm: {name: Whale}, members: 4}
```

`eoa validate FILE` names every mistake with its line; `eoa validate --defaults FILE` prints the job with every default filled in.

## How files are read
- One document, at most 1 MiB, 64 levels and 20,000 values; UTF-8.
- Not allowed: anchors, aliases, tags, merge keys, the same field twice, several documents. Unknown fields are mistakes.
- A field that is `null` or empty is not given: it has its default.
- Plain words that YAML readers disagree about are refused rather than guessed: `yes`, `no`, `on`, `off`, `y`, `n`, numbers with leading
  zeros (`010`), in other bases (`0x1F`, `0o17`, `0b1`) or with underscores (`1_000`), `.inf` and `.nan`. Quote them where text is meant.
- Hyper-parameters are numbers without quotes. `4.0` is an integer, as for Kubernetes; `"4"` is not.
- Words such as `GreyWolf` are written exactly so.
- `status` and what Kubernetes adds to `metadata` are passed over.
- On a cluster the API server checks the same: the CustomResourceDefinition is written from the same schema, and what goes beyond a
  single field is said there in CEL. The few differences are listed, with their reasons, in `tests/integration/crd/jobs.py`; the operator
  checks every job once more. A job's name must also do as a Service's.
- What goes beyond a single field is checked too: a Grey Wolf population needs three members, `membersPerPod` divides `members`, a
  Wide ResNet has 6n + 4 layers, and so on. Settings that are allowed but hardly meant give a warning.
)";

// A cell must not end its table.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string DefaultText(const ObjectSchema& object, const Field& field) {
  if (field.required) return "required";
  if (!field.derived.empty()) return field.derived;
  const nlohmann::ordered_json value = DefaultOf(object, field);
  if (value.is_null() || value.empty()) return "";
  if (value.is_string()) return value.get_ref<const std::string&>().empty() ? "" : "`" + value.get<std::string>() + "`";
  if (value.is_number_float()) return "`" + PlainNumber(value.get<double>()) + "`";
  return "`" + DumpJson(value) + "`";
}

// The anchor that Markdown renderers make of a heading.
std::string Anchor(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) anchor += static_cast<char>(std::tolower(byte));
  }
  return anchor;
}

std::string Describe(const Field& field, const std::string& path) {
  std::string text = field.description;
  if (field.object != nullptr) {
    const std::string inner = path + (field.kind == FieldKind::kList ? "[]" : "");
    text += " See [" + inner + "](#" + Anchor(inner) + ").";
  }
  if (!field.later_words.empty()) {
    text += " Not in this version:";
    for (std::size_t i = 0; i < field.later_words.size(); ++i)
      text += (i == 0 ? " `" : ", `") + field.later_words[i] + "`";
    text += ".";
  }
  if (field.immutable) text += " Cannot be changed once the job has started.";
  if (field.fixed) text += " Cannot be changed.";
  return text;
}

void AppendObject(const ObjectSchema& object, const std::string& path, std::string& page) {
  page += "\n## " + (path.empty() ? "The document" : path) + "\n" + object.description +
          "\n\n| field | value | default | meaning |\n|---|---|---|---|\n";
  for (const Field& field : object.fields) {
    if (field.kind == FieldKind::kIgnored) continue;
    const std::string inner = path.empty() ? field.name : path + "." + field.name;
    page += "| `" + field.name + "` | " + Cell(AllowedValues(field)) + " | " + Cell(DefaultText(object, field)) +
            " | " + Cell(Describe(field, inner)) + " |\n";
  }
  for (const Field& field : object.fields) {
    if (field.object == nullptr) continue;
    const std::string inner = path.empty() ? field.name : path + "." + field.name;
    AppendObject(*field.object, inner + (field.kind == FieldKind::kList ? "[]" : ""), page);
  }
}

}  // namespace

std::string ApiReference() {
  std::string page(kIntroduction);
  AppendObject(JobSchema(), "", page);
  return page;
}

}  // namespace eoa::api
