# eoa_library, eoa_executable, eoa_test, eoa_fuzzer: one CMake target per folder, warnings as errors on our own
# sources only.

set(EOA_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of GCC 12 in optimised standard-library code; some come and go with the length of a constant, such
  # as the path of the checkout.
  list(APPEND EOA_WARNINGS -Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow
    -Wno-stringop-overread)
endif()

if(EOA_FUZZ)
  # Coverage feedback in all of our code; only the fuzzers themselves link libFuzzer's main().
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(EOA_SANITIZE)
  add_compile_options(-fsanitize=${EOA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EOA_SANITIZE})
  # To look at a class for the first time it opens a pipe; where a test leaves no descriptor it takes every object for
  # a broken one.
  if(EOA_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize=vptr)
    # clang 14 cannot assemble its marks in functions that several objects share.
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
endif()

# mold links the trainer in a second where ld takes ten.
find_program(EOA_MOLD mold)
if(EOA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

function(_eoa_common_settings target scope)
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR})
  if(NOT scope STREQUAL "INTERFACE")
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:C,CXX>:${EOA_WARNINGS}>")
    # ccache wants it of who uses precompiled headers.
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>")
  endif()
endfunction()

# eoa_precompiled(NAME LIBS targets... HEADERS <header>...): headers that are parsed once, for all targets of folders that
# set EOA_PRECOMPILED to NAME. No source may rely on it: the presets tsan and fuzz and `make lint` do without.
# Sources with compiler options of their own need SKIP_PRECOMPILE_HEADERS.
function(eoa_precompiled name)
  cmake_parse_arguments(ARG "" "" "LIBS;HEADERS" ${ARGN})
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cc)
  _eoa_common_settings(${name} PRIVATE)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

function(_eoa_reuse_precompiled target)
  if(EOA_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM ${EOA_PRECOMPILED})
  endif()
endfunction()

# eoa_library(NAME [SRCS ...] [PUBLIC targets...] [PRIVATE targets...]); without SRCS it is an interface library.
function(eoa_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;PUBLIC;PRIVATE" ${ARGN})
  if(ARG_SRCS)
    add_library(${name} STATIC ${ARG_SRCS})
    _eoa_common_settings(${name} PUBLIC)
    target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    _eoa_reuse_precompiled(${name})
  else()
    add_library(${name} INTERFACE)
    _eoa_common_settings(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_PUBLIC})
  endif()
endfunction()

# eoa_executable(NAME SRCS ... LIBS ...)
function(eoa_executable name)
  cmake_parse_arguments(ARG "" "" "SRCS;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  _eoa_common_settings(${name} PRIVATE)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  _eoa_reuse_precompiled(${name})
endfunction()

# eoa_test(NAME SRCS ... LIBS ... [LABELS ...] [TIMEOUT seconds] [ENVIRONMENT VAR=value ...] [PROGRAMS targets...]):
# a GoogleTest program; each of its cases becomes a ctest. PROGRAMS are executables that the test starts; they are
# built before it.
# LABELS: unit (the default; no network, no process, quick) | integration | parity | e2e | cluster | chaos.
function(eoa_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SRCS;LIBS;LABELS;ENVIRONMENT;PROGRAMS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  if(EOA_PRECOMPILED STREQUAL "eoa_precompiled_standard")
    set(EOA_PRECOMPILED eoa_precompiled_tests)
  endif()
  eoa_executable(${name} SRCS ${ARG_SRCS} LIBS ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    EOA_SOURCE_DIR="${CMAKE_SOURCE_DIR}" EOA_BINARY_DIR="${CMAKE_BINARY_DIR}/bin")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(ARG_PROGRAMS)
    add_dependencies(${name} ${ARG_PROGRAMS})
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()

# eoa_fuzzer(NAME SRCS ... LIBS ... CORPUS folder): a libFuzzer program (preset fuzz) that starts from the files in
# `folder`; they should
# be few and small, and a unit test should run them too. tests/fuzz/run.sh runs all of them.
function(eoa_fuzzer name)
  cmake_parse_arguments(ARG "" "CORPUS" "SRCS;LIBS" ${ARGN})
  eoa_executable(${name} SRCS ${ARG_SRCS} LIBS ${ARG_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${name})
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/fuzz/${name}.corpus CONTENT "${ARG_CORPUS}\n")
endfunction()
