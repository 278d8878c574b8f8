#include "common/document/read_yaml.h"

#include <yaml.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include "common/document/plain_scalar.h"

namespace eoa::api {
namespace {

Mark MarkOf(const yaml_mark_t& mark) { return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1}; }

// libyaml reports a place in bytes for what it cannot even decode.
Mark MarkOfByte(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0
  const auto newlines = std::count(before.begin(), before.end(), '\n');
  return {static_cast<int>(newlines) + 1, static_cast<int>(before.size() - line_start) + 1};
}

struct EventDeleter {
  void operator()(yaml_event_t* event) const { yaml_event_delete(event); }
};

// One container that is still open.
struct Frame {
  Node node;
  std::string key;  // mapping: of the value that comes next
  Mark key_mark;
  bool has_key = false;
  bool keep = true;  // false: the value that comes next belongs to a key that was refused
  std::unordered_set<std::string> keys;
};

class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const DocumentKind& kind) : text_(text), kind_(kind) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~TreeBuilder() { yaml_parser_delete(&parser_); }
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;

  YamlOutcome Build() && {
    bool more = true;
    while (more) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) {
        NoteSyntax();
        return {std::nullopt, std::move(mistakes_)};
      }
      const std::unique_ptr<yaml_event_t, EventDeleter> owner(&event);
      more = Handle(event);
    }
    if (stopped_) return {std::nullopt, std::move(mistakes_)};
    if (!root_) {
      Note({1, 1}, "", "the file is empty; it must hold " + std::string(kind_.article) + " " + std::string(kind_.name));
      return {std::nullopt, std::move(mistakes_)};
    }
    return {std::move(root_), std::move(mistakes_)};
  }

 private:
  // Returns false at the end.
  bool Handle(const yaml_event_t& event) {
    const Mark mark = MarkOf(event.start_mark);
    switch (event.type) {
      case YAML_STREAM_END_EVENT:
        return false;
      case YAML_SCALAR_EVENT:
        return AddScalar(event, mark);
      case YAML_ALIAS_EVENT:
        Note(mark, "", "aliases (*name) are not allowed: write the value out");
        return AddRefused(mark);
      case YAML_MAPPING_START_EVENT:
        NoteProperties(mark, event.data.mapping_start.anchor, event.data.mapping_start.tag);
        return Open(Node::Kind::kMapping, mark);
      case YAML_SEQUENCE_START_EVENT:
        NoteProperties(mark, event.data.sequence_start.anchor, event.data.sequence_start.tag);
        return Open(Node::Kind::kSequence, mark);
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT:
        return Close();
      default:
        return true;
    }
  }

  bool AddScalar(const yaml_event_t& event, Mark mark) {
    NoteProperties(mark, event.data.scalar.anchor, event.data.scalar.tag);
    const std::string_view text(reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length);
    Node node;
    node.mark = mark;
    if (event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
      const std::string complaint = ResolvePlainScalar(text, node);
      if (ExpectsKey()) return AddKey(text, mark, node.kind, complaint);
      if (!complaint.empty()) Note(mark, text, complaint);
    } else {
      node.kind = Node::Kind::kString;
      node.text = text;
      if (ExpectsKey()) return AddKey(text, mark, node.kind, "");
    }
    if (!IsYamlSafe(text)) {
      Note(mark, text, "holds a control character");
      node.kind = Node::Kind::kRefused;
    }
    return Add(std::move(node));
  }

  bool ExpectsKey() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::kMapping && !open_.back().has_key;
  }

  bool AddKey(std::string_view text, Mark mark, Node::Kind kind, const std::string& complaint) {
    if (!Count(mark)) return false;
    Frame& frame = open_.back();
    frame.has_key = true;
    frame.key = text;
    frame.key_mark = mark;
    frame.keep = false;
    if (!complaint.empty()) {
      Note(mark, text, "as a field's name " + complaint);
    } else if (kind == Node::Kind::kNull) {
      Note(mark, text, "a field needs a name");
    } else if (text.size() > kMaxKeyBytes) {
      Note(mark, "", "a field's name may have " + std::to_string(kMaxKeyBytes) + " bytes");
    } else if (!IsYamlSafe(text)) {
      Note(mark, text, "a field's name must not hold a control character");
    } else if (text == "<<") {
      Note(mark, text, "merge keys are not allowed: write the fields out");
    } else if (!frame.keys.insert(frame.key).second) {
      Note(mark, "", "stands twice: keep one");
    } else {
      frame.keep = true;
    }
    return true;
  }

  bool Open(Node::Kind kind, Mark mark) {
    if (!Count(mark)) return false;
    if (ExpectsKey()) {
      Note(mark, "", "a field's name must be a plain word");
      return Stop();
    }
    if (open_.size() >= static_cast<std::size_t>(kMaxDepth)) {
      Note(mark, "", "nested deeper than " + std::to_string(kMaxDepth) + " levels");
      return Stop();
    }
    Frame& frame = open_.emplace_back();
    frame.node.kind = kind;
    frame.node.mark = mark;
    return true;
  }

  bool Close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    return Place(std::move(node));
  }

  bool Add(Node node) { return Count(node.mark) && Place(std::move(node)); }

  bool AddRefused(Mark mark) {
    if (ExpectsKey()) {
      open_.back().has_key = true;
      open_.back().key = "*";
      open_.back().keep = false;
      return true;
    }
    Node node;
    node.kind = Node::Kind::kRefused;
    node.mark = mark;
    return Add(std::move(node));
  }

  bool Place(Node node) {
    if (open_.empty()) return PlaceRoot(std::move(node));
    Frame& frame = open_.back();
    if (frame.node.kind == Node::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
      return true;
    }
    frame.has_key = false;
    if (frame.keep) frame.node.entries.push_back({std::move(frame.key), frame.key_mark, std::move(node)});
    return true;
  }

  bool PlaceRoot(Node node) {
    if (node.kind == Node::Kind::kNull) return true;
    if (root_) {
      Note(node.mark, "",
           "a second document starts here; put each " + std::string(kind_.name) + " into a file of its own");
      return Stop();
    }
    root_ = std::move(node);
    return true;
  }

  bool Count(Mark mark) {
    if (++nodes_ <= kMaxNodes) return true;
    Note(mark, "",
         "more than " + std::to_string(kMaxNodes) + " values; " + std::string(kind_.article) + " " +
             std::string(kind_.name) + " is far smaller");
    return Stop();
  }

  bool Stop() {
    stopped_ = true;
    return false;
  }

  void NoteProperties(Mark mark, const yaml_char_t* anchor, const yaml_char_t* tag) {
    if (anchor != nullptr) Note(mark, "", "anchors (&name) are not allowed: write the value out");
    if (tag != nullptr) Note(mark, "", "tags (!name) are not allowed; quote what must be text");
  }

  // No field: the parser may have read on past the one that is at fault.
  void NoteSyntax() {
    open_.clear();
    if (parser_.error == YAML_READER_ERROR) {
      return Note(MarkOfByte(text_, parser_.problem_offset), "", "the file is not UTF-8 text: " + Problem());
    }
    if (parser_.error == YAML_MEMORY_ERROR) return Note({1, 1}, "", "the file needs too much memory");
    const std::string context = parser_.context == nullptr ? "" : std::string(" ") + parser_.context;
    Note(MarkOf(parser_.problem_mark), "", "not YAML: " + Problem() + context);
  }

  std::string Problem() const { return parser_.problem == nullptr ? "unreadable" : parser_.problem; }

  void Note(Mark mark, std::string_view value, std::string message) {
    if (mistakes_.size() < kMaxMistakes) mistakes_.push_back({mark, Path(), std::string(value), std::move(message)});
  }

  // The field that is being read.
  std::string Path() const {
    std::string path;
    for (const Frame& frame : open_) {
      if (frame.node.kind == Node::Kind::kSequence) {
        path += "[" + std::to_string(frame.node.items.size()) + "]";
      } else if (frame.has_key) {
        path += (path.empty() ? "" : ".") + frame.key;
      }
    }
    return path;
  }

  std::string_view text_;
  DocumentKind kind_;
  yaml_parser_t parser_{};
  std::vector<Frame> open_;
  std::optional<Node> root_;
  std::vector<Mistake> mistakes_;
  std::size_t nodes_ = 0;
  bool stopped_ = false;
};

}  // namespace

YamlOutcome ReadYaml(std::string_view text, const DocumentKind& kind) {
  if (text.size() > kMaxDocumentBytes) {
    Mistake mistake{{1, 1},
                    "",
                    "",
                    "the file has " + std::to_string(text.size()) + " bytes; at most " +
                        std::to_string(kMaxDocumentBytes) + " are allowed"};
    return {std::nullopt, {std::move(mistake)}};
  }
  return TreeBuilder(text, kind).Build();
}

}  // namespace eoa::api
