#include "broker/core/journal.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/checksum.h"
#include "common/base/json_guard.h"
#include "common/base/log.h"

namespace eoa::broker {
namespace {

constexpr std::string_view kMagic = "EOAJRNL\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeadBytes = 12;  // of a record
constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;

void PutUint32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

std::uint32_t GetUint32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

Error Damaged(std::size_t position, const std::string& what) {
  return DataLossError("the record at byte " + std::to_string(position) + " " + what);
}

// A file that grew before its data reached the disk ends in zeros. A record's JSON never does, so zeros alone after the
// head are an unfinished record.
bool OnlyZerosFrom(std::string_view bytes, std::size_t position) {
  const std::size_t last = bytes.find_last_not_of('\0');
  return last == std::string_view::npos || last < position;
}

Result<Event> DecodePayload(std::string_view payload, std::size_t position) {
  Result<nlohmann::json> document = ParseJson(payload, {.max_bytes = kMaxRecordBytes});
  if (!document.ok()) return Damaged(position, "is not JSON: " + document.error().message());
  Result<Event> event = EventFromJson(*document);
  if (!event.ok()) return Damaged(position, "is not an event: " + event.error().message());
  return event;
}

// The record at `position`, or nothing when it was not finished.
Result<std::optional<std::string_view>> NextPayload(std::string_view bytes, std::size_t position) {
  const std::string_view rest = bytes.substr(position);
  const std::optional<std::string_view> unfinished;
  if (rest.size() < kHeadBytes || OnlyZerosFrom(bytes, position + kHeadBytes)) return unfinished;
  if (GetUint32(rest.substr(8)) != Crc32(rest.substr(0, 8))) return Damaged(position, "has a damaged head");
  const std::size_t size = GetUint32(rest);
  const std::string_view payload = rest.substr(kHeadBytes, size);
  if (payload.size() < size) return unfinished;
  if (Crc32(payload) != GetUint32(rest.substr(4))) {
    // Pages of one write reach the disk in any order: the last record may have its head and not its middle.
    if (rest.size() == kHeadBytes + size) return unfinished;
    return Damaged(position, "does not match its checksum");
  }
  return std::optional(payload);
}

class Journal final : public StateStore {
 public:
  Journal(std::string path, std::string job_uid, FileSystem& files)
      : path_(std::move(path)), job_uid_(std::move(job_uid)), files_(files) {}

  Status Open() {
    if (!files_.Exists(path_)) EOA_RETURN_IF_ERROR(files_.WriteFileAtomically(path_, EncodeJournalHeader(job_uid_)));
    EOA_ASSIGN_OR_RETURN(const std::string bytes, files_.ReadFile(path_, kMaxJournalBytes));
    EOA_ASSIGN_OR_RETURN(const JournalContent content, Decode(bytes));
    EOA_ASSIGN_OR_RETURN(file_, files_.OpenForAppend(path_));
    size_ = content.valid_bytes;
    if (size_ < bytes.size()) {
      Log(LogLevel::kWarning, "the journal ends in an unfinished record, which is dropped",
          {{"journal", path_}, {"position", std::to_string(size_)}, {"bytes", std::to_string(bytes.size() - size_)}});
      EOA_RETURN_IF_ERROR(file_->Truncate(size_));
    }
    if (size_ == 0) return Write(EncodeJournalHeader(job_uid_));
    return OkStatus();
  }

  Status Append(const Event& event) override { return AppendTogether({event}); }

  Status AppendTogether(const std::vector<Event>& events) override {
    std::string records;
    for (const Event& event : events) {
      const std::string record = EncodeJournalRecord(event);
      records += record;
      if (record.size() > kMaxRecordBytes || size_ + records.size() > kMaxJournalBytes) {
        return ResourceExhaustedError(path_ + " would exceed its " + std::to_string(kMaxJournalBytes) + " bytes");
      }
    }
    return Write(records);
  }

  Result<std::vector<Event>> Load() override {
    EOA_ASSIGN_OR_RETURN(const std::string bytes, files_.ReadFile(path_, kMaxJournalBytes));
    EOA_ASSIGN_OR_RETURN(JournalContent content, Decode(bytes));
    return std::move(content.events);
  }

 private:
  Result<JournalContent> Decode(std::string_view bytes) const {
    Result<JournalContent> content = DecodeJournal(bytes, job_uid_);
    if (!content.ok()) return std::move(content).error().WithContext(path_);
    return content;
  }

  Status Write(std::string_view bytes) {
    if (dirty_) EOA_RETURN_IF_ERROR(file_->Truncate(size_));
    dirty_ = true;
    EOA_RETURN_IF_ERROR(file_->Append(bytes));
    EOA_RETURN_IF_ERROR(file_->Sync());
    dirty_ = false;
    size_ += bytes.size();
    return OkStatus();
  }

  const std::string path_;
  const std::string job_uid_;
  FileSystem& files_;
  std::unique_ptr<AppendFile> file_;
  std::uint64_t size_ = 0;  // of what is known to be on the disk
  bool dirty_ = false;      // a write failed: there may be more behind size_
};

}  // namespace

std::string EncodeJournalHeader(std::string_view job_uid) {
  std::string header(kMagic);
  PutUint32(header, kVersion);
  PutUint32(header, static_cast<std::uint32_t>(job_uid.size()));
  header += job_uid;
  PutUint32(header, Crc32(header));
  return header;
}

std::string EncodeJournalRecord(const Event& event) {
  const std::string payload = DumpJson(ToJson(event));
  std::string record;
  PutUint32(record, static_cast<std::uint32_t>(payload.size()));
  PutUint32(record, Crc32(payload));
  PutUint32(record, Crc32(record));
  return record + payload;
}

Result<JournalContent> DecodeJournal(std::string_view bytes, std::string_view job_uid) {
  const std::string header = EncodeJournalHeader(job_uid);
  JournalContent content;
  if (!bytes.starts_with(header)) {
    if (header.starts_with(bytes) || OnlyZerosFrom(bytes, 0)) return content;
    if (!bytes.starts_with(kMagic)) return InvalidArgumentError("this file is not a broker's journal");
    const std::string_view version = bytes.substr(kMagic.size()).substr(0, 4);
    if (version.size() == 4 && GetUint32(version) != kVersion) {
      return InvalidArgumentError("the journal has format version " + std::to_string(GetUint32(version)) +
                                  "; this program knows version " + std::to_string(kVersion));
    }
    return InvalidArgumentError("the journal belongs to another job than " + std::string(job_uid) +
                                ", or its header is damaged");
  }
  content.valid_bytes = header.size();
  while (content.valid_bytes < bytes.size()) {
    const auto position = static_cast<std::size_t>(content.valid_bytes);
    EOA_ASSIGN_OR_RETURN(const std::optional<std::string_view> payload, NextPayload(bytes, position));
    if (!payload) break;
    EOA_ASSIGN_OR_RETURN(Event event, DecodePayload(*payload, position));
    content.events.push_back(std::move(event));
    content.valid_bytes += kHeadBytes + payload->size();
  }
  return content;
}

Result<std::unique_ptr<StateStore>> OpenJournal(const std::string& path, const std::string& job_uid,
                                                FileSystem& files) {
  auto journal = std::make_unique<Journal>(path, job_uid, files);
  EOA_RETURN_IF_ERROR(journal->Open());
  return std::unique_ptr<StateStore>(std::move(journal));
}

}  // namespace eoa::broker
