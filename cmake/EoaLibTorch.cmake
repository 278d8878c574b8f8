# Imported targets for the LibTorch of the Python wheel, which cmake/deps/libtorch.sh lays out as pip does:
# DIR/torch/{lib,include} and DIR/nvidia/cu13/lib. The wheel's own find_package(Torch) demands a CUDA toolkit even for
# a CPU program.
#
#   eoa::torch   libtorch_cpu and libc10; c10d with Gloo. libtorch_cpu carries its own gloo, so gloo gives headers only:
#                a second libgloo would clash with it. With EOA_CUDA also libtorch_cuda and libc10_cuda.

set(libtorch_flavour "")
if(EOA_CUDA)
  set(libtorch_flavour --cuda)
endif()

if(NOT EOA_LIBTORCH_DIR)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/cmake/deps/libtorch.sh ${libtorch_flavour} --print-dir
    OUTPUT_VARIABLE EOA_LIBTORCH_DIR OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
if(NOT EXISTS ${EOA_LIBTORCH_DIR}/torch/lib/libtorch_cpu.so)
  message(FATAL_ERROR "No LibTorch in '${EOA_LIBTORCH_DIR}'. Run cmake/deps/libtorch.sh ${libtorch_flavour} "
    "(make does), set EOA_LIBTORCH_DIR, or leave the trainer out with -DEOA_BUILD_TRAINER=OFF.")
endif()

find_path(EOA_GLOO_INCLUDE_DIR gloo/config.h REQUIRED)

add_library(eoa_torch INTERFACE)
add_library(eoa::torch ALIAS eoa_torch)
target_include_directories(eoa_torch SYSTEM INTERFACE
  ${EOA_LIBTORCH_DIR}/torch/include ${EOA_LIBTORCH_DIR}/torch/include/torch/csrc/api/include ${EOA_GLOO_INCLUDE_DIR})
target_compile_definitions(eoa_torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO)
target_link_directories(eoa_torch INTERFACE ${EOA_LIBTORCH_DIR}/torch/lib)
target_link_libraries(eoa_torch INTERFACE
  ${EOA_LIBTORCH_DIR}/torch/lib/libtorch_cpu.so ${EOA_LIBTORCH_DIR}/torch/lib/libc10.so)
# The wheel's libraries find libcudart and libcupti by their own RUNPATH; the linker does not need them.
target_link_options(eoa_torch INTERFACE -Wl,--allow-shlib-undefined)
if(EOA_CUDA)
  set(toolkit ${EOA_LIBTORCH_DIR}/nvidia/cu13)
  if(EXISTS ${toolkit}/bin/nvcc)
    set(CMAKE_CUDA_COMPILER ${toolkit}/bin/nvcc CACHE FILEPATH "Compiler of our own kernels")
  endif()
  # Machine code for A100, consumer Ampere and Ada, Hopper and Blackwell; newer ones compile the last at their first
  # start.
  set(CMAKE_CUDA_ARCHITECTURES "80-real;86-real;89-real;90-real;100-real;120"
    CACHE STRING "GPUs that kernels are compiled for")
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_FLAGS "--expt-relaxed-constexpr -Werror all-warnings")
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
  enable_language(CUDA)
  # CMake 3.25 is older than this compiler and does not know how it is told.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_STANDARD__HAS_FULL_SUPPORT ON)
  target_include_directories(eoa_torch SYSTEM INTERFACE ${toolkit}/include ${EOA_LIBTORCH_DIR}/nvidia/nccl/include)
  target_compile_definitions(eoa_torch INTERFACE USE_C10D_NCCL EOA_CUDA)
  # Not as needed: loading these registers the CUDA kernels and Gloo's CUDA side.
  target_link_options(eoa_torch INTERFACE -Wl,--no-as-needed)
  target_link_libraries(eoa_torch INTERFACE
    ${EOA_LIBTORCH_DIR}/torch/lib/libtorch_cuda.so ${EOA_LIBTORCH_DIR}/torch/lib/libc10_cuda.so
    ${toolkit}/lib/libcudart.so.13 ${EOA_LIBTORCH_DIR}/nvidia/nccl/lib/libnccl.so.2)
endif()
