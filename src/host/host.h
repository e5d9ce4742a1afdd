/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of host: what cbit asks of the system that it runs on.  Files,
 * time, terminal, sockets, a poll loop.  No knowledge of machines; no state
 * outside the objects made here.
 *
 * A function that fails with CBIT_IO leaves errno set.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <poll.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/base.h"

/* ---- files ---- */

struct host_bytes {
    uint8_t *data;
    size_t len;
};

/*
 * Reads a whole file of at most max bytes, with one NUL after the last byte
 * (not counted).  CBIT_RANGE: larger; CBIT_IO; CBIT_NO_MEMORY.
 */
enum cbit_status host_file_read(const char *path, size_t max, struct host_bytes *out) CBIT_MUST_CHECK;
void host_bytes_free(struct host_bytes *bytes); /* wipes; twice is harmless */

/*
 * Puts data in the place of path: written beside it, synced, renamed, the folder
 * synced.  Whoever looks finds the old file or the new one.
 */
enum cbit_status host_file_replace(const char *path, const void *data, size_t len,
                                   mode_t mode) CBIT_MUST_CHECK;

/* Writes all of data to fd, whatever the chunks; CBIT_IO. */
enum cbit_status host_write_all(int fd, const void *data, size_t len) CBIT_MUST_CHECK;

/*
 * A dump file of exactly len bytes in the making (mode 0600): parts may be left
 * out and read as zeros.  Returns a descriptor or -1 with errno.
 */
int host_dump_open(const char *path, uint64_t len);
/* Writes at an offset; blocks of zeros become holes. */
enum cbit_status host_dump_write(int fd, uint64_t at, const void *data, size_t len) CBIT_MUST_CHECK;

/* Makes a folder and its parents, the last with mode 0700.  An existing one is fine. */
enum cbit_status host_folder_make(const char *path) CBIT_MUST_CHECK;

/* ---- state folders ---- */

/*
 * A folder of small files that one process at a time holds (the secure
 * processor's chip and nv).
 */
struct host_state;
/*
 * CBIT_BUSY: another process holds it; CBIT_NOT_FOUND: no such folder and create
 * is false; CBIT_IO.  A folder that is made gets mode 0700.
 */
enum cbit_status host_state_open(const char *path, bool create,
                                 struct host_state **out) CBIT_MUST_CHECK;
void host_state_close(struct host_state *state); /* NULL is allowed */
/* CBIT_NOT_FOUND: no such file; CBIT_RANGE: larger than size; CBIT_IO. */
enum cbit_status host_state_load(const struct host_state *state, const char *name, uint8_t *buf,
                                 size_t size, size_t *len) CBIT_MUST_CHECK;
/*
 * Replaces a file, mode 0600.  Written beside it (NAME.new), synced, renamed, the
 * folder synced: a crash leaves the old file or the new one.  CBIT_IO: errno
 * tells (ENOSPC, EROFS, EACCES, ...); the old file stays.
 */
enum cbit_status host_state_save(const struct host_state *state, const char *name,
                                 const void *data, size_t len) CBIT_MUST_CHECK;

/* ---- disks ---- */

/* A raw image or block device; multiples of 512 bytes. */
enum host_disk_mode {
    HOST_DISK_WRITE,     /* CBIT_BUSY if somebody else has it open */
    HOST_DISK_READ_ONLY,
    HOST_DISK_SNAPSHOT,  /* writes are kept in memory and forgotten */
};
struct host_disk;
enum cbit_status host_disk_open(const char *path, enum host_disk_mode mode,
                                struct host_disk **out) CBIT_MUST_CHECK;
/* Makes the file if need be, and as long as this at least; errno tells on CBIT_IO. */
enum cbit_status host_disk_extend(const char *path, uint64_t size) CBIT_MUST_CHECK;
void host_disk_close(struct host_disk *disk); /* NULL is allowed */
uint64_t host_disk_size(const struct host_disk *disk);
/* ctx is the disk, so that these fit where functions are asked for; false: failed. */
bool host_disk_read(void *ctx, uint64_t at, void *to, size_t len);
bool host_disk_write(void *ctx, uint64_t at, const void *from, size_t len);
bool host_disk_flush(void *ctx);

/* ---- time ---- */

uint64_t host_now_ns(void);     /* monotonic */
uint64_t host_cpu_ns(void);     /* processor time of this process */
uint64_t host_epoch_s(void);    /* seconds since 1970, UTC */
size_t host_memory_peak(void);  /* bytes: largest resident size so far */

/* ---- poll loop ---- */

struct host_loop;
typedef void host_ready_fn(void *ctx, int fd, short revents);

enum cbit_status host_loop_new(struct host_loop **out) CBIT_MUST_CHECK;
void host_loop_free(struct host_loop *loop);
/* events as for poll(); replaces an earlier watch of the same fd.  CBIT_RANGE: too many. */
enum cbit_status host_loop_watch(struct host_loop *loop, int fd, short events, host_ready_fn *fn,
                                 void *ctx) CBIT_MUST_CHECK;
void host_loop_unwatch(struct host_loop *loop, int fd); /* also from within a callback */
/* Waits for at most timeout_ns (0: looks only) and calls who is ready; false: nobody was. */
bool host_loop_wait(struct host_loop *loop, uint64_t timeout_ns);

/*
 * Somebody whose descriptors change from poll to poll.  before puts at most max of
 * them into fds, says how many, and may shorten the wait; after sees what came.
 * One hook a loop; an empty one takes it away.
 */
struct host_hook {
    size_t (*before)(void *ctx, struct pollfd *fds, size_t max, uint64_t *timeout_ns);
    void (*after)(void *ctx, struct pollfd *fds);
    void *ctx;
};
void host_loop_hook(struct host_loop *loop, const struct host_hook *hook);

/* ---- user-mode network ---- */

#define HOST_NET_FRAME_MAX 1600u
struct host_net;
/* CBIT_UNIMPLEMENTED: built without libslirp. */
enum cbit_status host_net_new(struct host_loop *loop, struct host_net **out) CBIT_MUST_CHECK;
void host_net_free(struct host_net *net); /* NULL is allowed */
void host_net_send(struct host_net *net, const void *frame, size_t len); /* from the guest */
/* The oldest frame for the guest, or NULL; host_net_taken when the guest has it. */
const void *host_net_next(const struct host_net *net, size_t *len);
void host_net_taken(struct host_net *net);

/* ---- signals ---- */

/*
 * INT, TERM and HUP become readable on the returned descriptor instead of
 * ending the process; PIPE is ignored.  -1 with errno.
 */
int host_signals_open(void);
int host_signals_next(int fd); /* a signal number; 0: none waiting */
void host_signals_close(int fd); /* the signals end the process again */

/* ---- terminal ---- */

/*
 * A terminal in raw mode.  A small guard process holds the former settings and
 * restores them however this process ends, SIGKILL included.
 */
struct host_term;
bool host_is_terminal(int fd);
enum cbit_status host_term_raw(int fd, struct host_term **out) CBIT_MUST_CHECK;
void host_term_restore(struct host_term *term); /* NULL is allowed */

/* ---- sockets ---- */

/*
 * Address forms: unix:PATH (a bare path counts as unix) and tcp:PORT or
 * tcp:HOST:PORT (HOST defaults to 127.0.0.1).
 */
enum host_sock_kind { HOST_SOCK_UNIX, HOST_SOCK_TCP };
struct host_addr {
    enum host_sock_kind kind;
    char path[104]; /* HOST_SOCK_UNIX */
    char host[64];  /* HOST_SOCK_TCP: a numeric address */
    uint16_t port;
};
/* CBIT_INVALID: ill-formed or too long. */
enum cbit_status host_addr_parse(const char *text, struct host_addr *out) CBIT_MUST_CHECK;

/*
 * Listens.  For unix: the folder is made with mode 0700 if it is missing, a stale socket
 * that nobody serves is replaced, CBIT_BUSY if somebody serves it; CBIT_DENIED if the
 * folder belongs to somebody else or others may write to it.
 */
enum cbit_status host_listen(const struct host_addr *addr, int *fd) CBIT_MUST_CHECK;
/* Accepts one connection; a unix peer of another user is turned away (-1, errno EACCES). */
int host_accept(int listener, const struct host_addr *addr);
void host_listen_close(int fd, const struct host_addr *addr); /* removes the socket file */
enum cbit_status host_connect(const struct host_addr *addr, int *fd) CBIT_MUST_CHECK;

#endif
