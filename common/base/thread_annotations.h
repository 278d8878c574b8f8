// Annotations that say which lock protects what. Clang checks them with -Wthread-safety; its documentation ("Thread
// Safety Analysis") gives the macros their names. Other compilers see nothing.
// `make test` and `make lint` run the check: tests/structure/lock_check.py.
//
//   Mutex mutex_;
//   int count_ GUARDED_BY(mutex_) = 0;      // read and written only while mutex_ is held
//   void CountOne() REQUIRES(mutex_);       // called only while mutex_ is held
#pragma once

#if defined(__clang__)
#define EOA_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define EOA_THREAD_ANNOTATION(x)
#endif

// A class that is a lock, and one that holds a lock as long as it lives.
#define CAPABILITY(name) EOA_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY EOA_THREAD_ANNOTATION(scoped_lockable)

// A member that is read and written only while the lock is held.
#define GUARDED_BY(mutex) EOA_THREAD_ANNOTATION(guarded_by(mutex))

// Of two locks that a thread may hold at once, which one it takes first.
#define ACQUIRED_BEFORE(...) EOA_THREAD_ANNOTATION(acquired_before(__VA_ARGS__))

// A function whose caller holds the lock.
#define REQUIRES(...) EOA_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))

// A function that takes the lock, gives it back, or takes it if it returns the value that stands first.
#define ACQUIRE(...) EOA_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) EOA_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) EOA_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))

// The body is not checked: for what the analysis cannot follow.
#define NO_THREAD_SAFETY_ANALYSIS EOA_THREAD_ANNOTATION(no_thread_safety_analysis)
