/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants of cbit itself.  Active in every build.  Nothing that a guest, a
 * mailbox, a file or an owner sends may reach one of these.
 */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

__attribute__((noreturn, cold)) void cb_assert_failed(const char *expr, const char *file, int line);

#define CBIT_ASSERT(expr) \
    (__builtin_expect(!!(expr), 1) ? (void)0 : cb_assert_failed(#expr, __FILE__, __LINE__))

#define CB_LIKELY(x) __builtin_expect(!!(x), 1)
#define CB_UNLIKELY(x) __builtin_expect(!!(x), 0)

#endif
