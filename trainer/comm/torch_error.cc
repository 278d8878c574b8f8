#include "trainer/comm/torch_error.h"

#include <new>
#include <string>

#include <c10/util/Exception.h>
#include <gloo/common/error.h>

namespace eoa::train {
namespace {

// LibTorch's CPU allocator reports by text alone that there is no memory.
bool IsOutOfMemory(std::string_view text) { return text.find("can't allocate memory") != std::string_view::npos; }

Error MakeError(ErrorCode code, std::string_view what, std::string_view text) {
  return Error(code, std::string(text)).WithContext(what);
}

}  // namespace

Error CurrentTorchError(std::string_view what) {
  try {
    throw;
  } catch (const gloo::Exception& error) {
    return MakeError(ErrorCode::kUnavailable, what, error.what());
  } catch (const c10::DistError& error) {
    return MakeError(ErrorCode::kUnavailable, what, error.what_without_backtrace());
  } catch (const c10::OutOfMemoryError& error) {
    return MakeError(ErrorCode::kResourceExhausted, what, error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return MakeError(ErrorCode::kResourceExhausted, what, "out of memory");
  } catch (const c10::AcceleratorError& error) {
    // The process's context of the device is broken for good; another process may work.
    return MakeError(ErrorCode::kAborted, what, error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string_view text = error.what_without_backtrace();
    return MakeError(IsOutOfMemory(text) ? ErrorCode::kResourceExhausted : ErrorCode::kInternal, what, text);
  } catch (const std::exception& error) {
    return MakeError(ErrorCode::kInternal, what, error.what());
  } catch (...) {
    return MakeError(ErrorCode::kInternal, what, "an exception of unknown type");
  }
}

}  // namespace eoa::train
