// BodyBuffer: the stream that cpprestsdk writes an answer's body to. Write-only; every piece goes to the Transfer,
// which says when it has room for the next.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <cpprest/astreambuf.h>

#include "common/net/cpprest/transfer.h"

namespace eoa::net {

class BodyBuffer final : public concurrency::streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit BodyBuffer(std::shared_ptr<Transfer> transfer)
      : streambuf_state_manager(std::ios_base::out), transfer_(std::move(transfer)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode /*direction*/) const override { return 0; }
  void set_buffer_size(std::size_t /*size*/, std::ios_base::openmode /*direction*/) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode /*direction*/) const override { return traits::eof(); }
  pos_type seekpos(pos_type /*pos*/, std::ios_base::openmode /*direction*/) override { return traits::eof(); }
  pos_type seekoff(off_type /*offset*/, std::ios_base::seekdir /*way*/, std::ios_base::openmode /*mode*/) override {
    return traits::eof();
  }
  bool acquire(std::uint8_t*& data, std::size_t& size) override {
    data = nullptr;
    size = 0;
    return false;
  }
  void release(std::uint8_t* /*data*/, std::size_t /*size*/) override {}

  // The base class's waits for a task after a failed write, on the one thread that could run it.
  pplx::task<std::size_t> putn_nocopy(const std::uint8_t* data, std::size_t size) override {
    return transfer_->Write(data, size);
  }

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* data, std::size_t size) override {
    return transfer_->Write(data, size);
  }
  pplx::task<int_type> _putc(std::uint8_t c) override {
    return transfer_->Write(&c, 1).then([c](std::size_t) { return static_cast<int_type>(c); });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(std::size_t /*size*/) override { return nullptr; }
  void _commit(std::size_t /*size*/) override {}

  pplx::task<int_type> _bumpc() override { return End(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return End(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return End(); }
  pplx::task<int_type> _ungetc() override { return End(); }
  pplx::task<std::size_t> _getn(std::uint8_t* /*data*/, std::size_t /*size*/) override {
    return pplx::task_from_result<std::size_t>(0);
  }
  std::size_t _scopy(std::uint8_t* /*data*/, std::size_t /*size*/) override { return 0; }

 private:
  static pplx::task<int_type> End() { return pplx::task_from_result<int_type>(traits::eof()); }

  const std::shared_ptr<Transfer> transfer_;
};

}  // namespace eoa::net
