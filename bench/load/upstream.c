/*
 * The upstream of every benchmark: a keep-alive HTTP/1.1 responder, one thread, epoll, so cheap that the proxy in
 * front of it is always what is measured. `upstream PORT...` listens on 127.0.0.1 and prints one line when ready.
 *
 *   GET /bytes/N   200, Content-Length N, the body of body.h (the generator compares every byte)
 *   GET /head      200, the head of the request as it arrived: what the proxy made of it
 *
 * It answers one request per connection at a time (a proxy does not pipeline to its upstream) and refuses anything else
 * by closing: a benchmark that went wrong must not look fast.
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
#include <sys/socket.h>
#include <unistd.h>

#include "body.h"

#define HEAD_MAX 8192
#define SIZES_MAX 16
#define BODY_MAX (1 << 20)
#define DESCRIPTORS_MAX 65536

/* A response that is built once and sent many times. */
struct response {
  long body_bytes;
  char *bytes;
  size_t length;
};

struct connection {
  size_t head_length;
  const char *pending; /* what the socket did not take yet, inside a response or `echo` */
  size_t pending_length;
  char head[HEAD_MAX];
  char echo[HEAD_MAX + 128];
};

static struct response responses[SIZES_MAX];
static struct connection *connections[DESCRIPTORS_MAX];
static char listening[DESCRIPTORS_MAX];
static int epoll_fd;

static const struct response *response_of(long body_bytes) {
  for (int i = 0; i < SIZES_MAX; i++) {
    struct response *response = &responses[i];
    if (response->bytes && response->body_bytes == body_bytes) return response;
    if (response->bytes) continue;
    response->bytes = malloc(512 + body_bytes);
    if (!response->bytes) return NULL;
    int head = sprintf(response->bytes,
                       "HTTP/1.1 200 OK\r\nServer: bench-upstream\r\nDate: Tue, 24 Nov 2026 09:00:00 GMT\r\n"
                       "Content-Type: text/plain\r\nContent-Length: %ld\r\nCache-Control: no-cache\r\n"
                       "ETag: \"5f3c-61a9\"\r\n\r\n",
                       body_bytes);
    for (long at = 0; at < body_bytes; at++) response->bytes[head + at] = body_byte(at);
    response->body_bytes = body_bytes;
    response->length = head + body_bytes;
    return response;
  }
  return NULL;
}

static void watch(int fd, unsigned events, int operation) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(epoll_fd, operation, fd, &event);
}

static void close_connection(int fd) {
  free(connections[fd]);
  connections[fd] = NULL;
  close(fd);
}

/* Sends what is pending; waits for room when the socket is full. Returns -1 when the connection is dead. */
static int flush(int fd) {
  struct connection *connection = connections[fd];
  while (connection->pending_length) {
    ssize_t sent = send(fd, connection->pending, connection->pending_length, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) return -1;
      watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
      return 0;
    }
    connection->pending += sent;
    connection->pending_length -= sent;
  }
  return 0;
}

/* Answers the one request in `head`. Returns -1 when it is none that we know. */
static int answer(int fd) {
  struct connection *connection = connections[fd];
  if (!strncmp(connection->head, "GET /bytes/", 11)) {
    long body_bytes = atol(connection->head + 11);
    const struct response *response = body_bytes >= 0 && body_bytes <= BODY_MAX ? response_of(body_bytes) : NULL;
    if (!response) return -1;
    connection->pending = response->bytes;
    connection->pending_length = response->length;
  } else if (!strncmp(connection->head, "GET /head ", 10)) {
    int prefix = sprintf(connection->echo, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", connection->head_length);
    memcpy(connection->echo + prefix, connection->head, connection->head_length);
    connection->pending = connection->echo;
    connection->pending_length = prefix + connection->head_length;
  } else {
    return -1;
  }
  connection->head_length = 0;
  return flush(fd);
}

static int read_request(int fd) {
  struct connection *connection = connections[fd];
  size_t room = HEAD_MAX - 1 - connection->head_length;
  if (!room) return -1;
  ssize_t got = recv(fd, connection->head + connection->head_length, room, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
  connection->head_length += got;
  connection->head[connection->head_length] = 0;
  char *end = strstr(connection->head, "\r\n\r\n");
  if (!end) return 0;
  if (end + 4 != connection->head + connection->head_length) return -1; /* a body or a pipelined request */
  return answer(fd);
}

static void accept_all(int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (fd >= DESCRIPTORS_MAX || !(connections[fd] = calloc(1, sizeof(struct connection)))) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (void *)&address, sizeof address) || listen(fd, 4096)) {
    perror("upstream: listen");
    exit(1);
  }
  listening[fd] = 1;
  watch(fd, EPOLLIN, EPOLL_CTL_ADD);
}

int main(int count, char **arguments) {
  signal(SIGPIPE, SIG_IGN);
  epoll_fd = epoll_create1(0);
  for (int i = 1; i < count; i++) listen_on(atoi(arguments[i]));
  puts("{\"ready\":true}");
  fflush(stdout);

  static struct epoll_event events[512];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, 512, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (listening[fd]) {
        accept_all(fd);
        continue;
      }
      struct connection *connection = connections[fd];
      if (!connection) continue;
      int status;
      if (connection->pending_length) {
        status = flush(fd);
        if (!status && !connection->pending_length) watch(fd, EPOLLIN, EPOLL_CTL_MOD);
      } else {
        status = read_request(fd);
      }
      if (status) close_connection(fd);
    }
  }
}
