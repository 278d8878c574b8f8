// Descriptor: owns a file descriptor of the operating system and closes it when it goes. The only place that closes one.
#pragma once

namespace eoa {

// Thread-safety: one owner. Moving leaves an empty one behind.
class Descriptor {
 public:
  // -1, what the system's calls return when they fail: empty.
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { Close(); }

  bool valid() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }

  // Empty afterwards. An error of close(2) is not told: what must be durable is synced before.
  void Close();

  // Gives it away: the caller closes it.
  int Release();

 private:
  int descriptor_;
};

}  // namespace eoa
