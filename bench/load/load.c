/*
 * The load generator: HTTP/1.1 over keep-alive connections, one thread, epoll. It holds its connections while other
 * proxies have their turn, so that rounds can be interleaved, and does nothing at all between commands: whoever reads
 * the proxy's CPU clock before and after a command reads the cost of exactly that work.
 *
 *   load PORT CONNECTIONS PATH BODY_BYTES
 *
 * Commands, one per line on standard input; the answer is one line of JSON:
 *   closed COUNT        closed loop: each connection sends its next request when the last one is answered
 *   open RATE COUNT     open loop: request i is due at start + i / RATE; latency counts from then, also when no
 *                       connection was free (no coordinated omission)
 *   each WINDOW         opens every connection and sends one request on it, WINDOW at a time; all stay open and idle
 *
 * Latencies are counted in log-linear buckets (ten bits of mantissa, nanoseconds) and printed as [highest value, count].
 * Every response is compared byte by byte with what the upstream sends. A wrong byte, a status that is not 200, or a lost
 * connection ends the program: there is no figure for wrong work.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "body.h"

#define HEAD_MAX 8192
#define CHUNK 65536
#define EVENTS_MAX 512
#define MANTISSA_BITS 10
#define BUCKETS ((64 - MANTISSA_BITS) << MANTISSA_BITS)

typedef unsigned long long u64;

struct connection {
  int fd; /* -1 until its first request */
  int busy;
  u64 due;         /* when the request in flight should have been sent, nanoseconds */
  int head_length; /* bytes of the response head so far */
  long body_at;    /* bytes of the body seen; -1 while the head is not complete */
  char head[HEAD_MAX];
};

static struct sockaddr_in target;
static struct connection *connections;
static int connection_count;
static int *free_connections, free_count;
static char request[1024];
static int request_length;
static char *body;
static long body_bytes;
static int epoll_fd;
static u64 buckets[BUCKETS];

static u64 now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void fail(const char *what) {
  printf("{\"error\":\"%s\"}\n", what);
  exit(2);
}

/* ---- histogram ---- */

static int bucket_of(u64 value) {
  if (value < (1ull << MANTISSA_BITS)) return (int)value;
  int shift = 63 - __builtin_clzll(value) - MANTISSA_BITS + 1;
  return (shift << (MANTISSA_BITS - 1)) + (int)(value >> shift);
}

static u64 highest_of(int bucket) {
  if (bucket < (1 << MANTISSA_BITS)) return bucket;
  int shift = (bucket >> (MANTISSA_BITS - 1)) - 1;
  u64 lowest = (u64)(bucket - (shift << (MANTISSA_BITS - 1))) << shift;
  return lowest + (1ull << shift) - 1;
}

static void print_result(u64 count, u64 elapsed) {
  printf("{\"count\":%llu,\"elapsedNs\":%llu,\"histogram\":[", count, elapsed);
  const char *comma = "";
  for (int i = 0; i < BUCKETS; i++) {
    if (!buckets[i]) continue;
    printf("%s[%llu,%llu]", comma, highest_of(i), buckets[i]);
    comma = ",";
  }
  puts("]}");
  fflush(stdout);
  memset(buckets, 0, sizeof buckets);
}

/* ---- one request ---- */

static void open_connection(struct connection *connection) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  if (fd < 0 || connect(fd, (void *)&target, sizeof target)) fail("cannot connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection->fd = fd;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void send_request(struct connection *connection, u64 due) {
  if (connection->fd < 0) open_connection(connection);
  connection->busy = 1;
  connection->due = due;
  connection->head_length = 0;
  connection->body_at = -1;
  if (send(connection->fd, request, request_length, MSG_NOSIGNAL) != request_length) fail("connection lost on send");
}

/* Checks a complete head, which ends at `end`: 200 and the length that we expect. */
static void check_head(struct connection *connection, char *end) {
  *end = 0;
  if (strncmp(connection->head, "HTTP/1.1 200 ", 13)) fail("status is not 200");
  char *length = strcasestr(connection->head, "\r\ncontent-length:");
  if (!length || atol(length + 17) != body_bytes) fail("wrong content-length");
}

/* Takes bytes of a response. Returns 1 when the response is complete. */
static int take(struct connection *connection, const char *bytes, int length) {
  if (connection->body_at < 0) {
    int room = HEAD_MAX - 1 - connection->head_length;
    int copied = length < room ? length : room;
    memcpy(connection->head + connection->head_length, bytes, copied);
    int before = connection->head_length;
    connection->head_length += copied;
    char *end = memmem(connection->head, connection->head_length, "\r\n\r\n", 4);
    if (!end) {
      if (copied < length) fail("response head too long");
      return 0;
    }
    int used = (int)(end + 4 - connection->head) - before;
    check_head(connection, end);
    connection->body_at = 0;
    bytes += used;
    length -= used;
  }
  if (length > body_bytes - connection->body_at) fail("more bytes than the response has");
  if (memcmp(bytes, body + connection->body_at, length)) fail("wrong byte in a body");
  connection->body_at += length;
  return connection->body_at == body_bytes;
}

/* Reads what is there for one connection; returns 1 when its response is complete, and puts it into the histogram. */
static int receive(struct connection *connection) {
  static char chunk[CHUNK];
  ssize_t got = recv(connection->fd, chunk, CHUNK, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) fail("connection lost on receive");
  if (!connection->busy) fail("bytes without a request");
  if (!take(connection, chunk, (int)got)) return 0;
  connection->busy = 0;
  buckets[bucket_of(now() - connection->due)]++;
  return 1;
}

/* ---- commands ---- */

static int wait_for(struct epoll_event *events, u64 nanoseconds) {
  struct timespec timeout = {.tv_sec = nanoseconds / 1000000000ull, .tv_nsec = nanoseconds % 1000000000ull};
  int ready = epoll_pwait2(epoll_fd, events, EVENTS_MAX, &timeout, NULL);
  if (ready < 0 && errno != EINTR) fail("epoll failed");
  return ready < 0 ? 0 : ready;
}

#define SILENCE_NS 20000000000ull /* a proxy that says nothing for this long hangs */

/* Closed loop on at most `window` connections; with `each`, every connection has exactly one turn. */
static void run_closed(u64 count, int window, int each) {
  static struct epoll_event events[EVENTS_MAX];
  u64 sent = 0, done = 0, start = now();
  for (int i = 0; i < window && sent < count; i++, sent++) send_request(&connections[i], now());
  while (done < count) {
    int ready = wait_for(events, SILENCE_NS);
    if (!ready) fail("no response for 20 s");
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!receive(connection)) continue;
      done++;
      if (sent == count) continue;
      send_request(each ? &connections[sent] : connection, now());
      sent++;
    }
  }
  print_result(count, now() - start);
}

static void run_open(double rate, u64 count) {
  static struct epoll_event events[EVENTS_MAX];
  double interval = 1e9 / rate;
  u64 sent = 0, done = 0, start = now();
  free_count = 0;
  for (int i = 0; i < connection_count; i++) free_connections[free_count++] = i;
  while (done < count) {
    u64 due = start + (u64)(sent * interval), time = now();
    while (sent < count && free_count && due <= time) {
      send_request(&connections[free_connections[--free_count]], due);
      due = start + (u64)(++sent * interval);
    }
    u64 timeout = sent < count && free_count ? (due > time ? due - time : 0) : SILENCE_NS;
    int ready = wait_for(events, timeout);
    if (!ready && timeout == SILENCE_NS) fail("no response for 20 s");
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!receive(connection)) continue;
      done++;
      free_connections[free_count++] = (int)(connection - connections);
    }
  }
  print_result(count, now() - start);
}

int main(int count, char **arguments) {
  if (count != 5) {
    fputs("usage: load PORT CONNECTIONS PATH BODY_BYTES\n", stderr);
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  int port = atoi(arguments[1]);
  target = (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  connection_count = atoi(arguments[2]);
  body_bytes = atol(arguments[4]);
  body = malloc(body_bytes);
  for (long at = 0; at < body_bytes; at++) body[at] = body_byte(at);
  /* The fields of a browser: a proxy is paid by the header, and five of them are few. */
  request_length = snprintf(request, sizeof request,
                            "GET %s HTTP/1.1\r\nHost: bench.example:%d\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
                            "bench/1.0\r\nAccept: text/html,application/json;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, "
                            "deflate, br\r\nCookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n",
                            arguments[3], port);
  connections = calloc(connection_count, sizeof *connections);
  free_connections = calloc(connection_count, sizeof *free_connections);
  for (int i = 0; i < connection_count; i++) connections[i].fd = -1;
  epoll_fd = epoll_create1(0);
  puts("{\"ready\":true}");
  fflush(stdout);

  char line[128];
  while (fgets(line, sizeof line, stdin)) {
    u64 number, second;
    if (sscanf(line, "closed %llu", &number) == 1) {
      run_closed(number, connection_count, 0);
    } else if (sscanf(line, "open %llu %llu", &number, &second) == 2) {
      run_open((double)number, second);
    } else if (sscanf(line, "each %llu", &number) == 1) {
      run_closed(connection_count, (int)number, 1);
    } else {
      fail("unknown command");
    }
  }
  return 0;
}
