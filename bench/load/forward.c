/*
 * The floor: the least that a program in user space can do between two sockets. One thread, epoll, one shared buffer,
 * bytes copied from the one socket to the other without a look inside. `forward LISTEN_PORT UPSTREAM_PORT`.
 *
 * What it cannot send at once it keeps and stops reading for, so it is an honest forwarder and not only a fast one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 65536
#define DESCRIPTORS_MAX 65536

/* One side of a pair. `kept` is what came from the other side and did not fit into this socket. */
struct side {
  int peer; /* 0: this descriptor is no side (0 is our standard input) */
  char *kept;
  size_t kept_length;
};

static struct side sides[DESCRIPTORS_MAX];
static char chunk[CHUNK];
static int epoll_fd;

static void watch(int fd, unsigned events, int operation) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(epoll_fd, operation, fd, &event);
}

static void end_pair(int fd) {
  int both[2] = {fd, sides[fd].peer};
  for (int i = 0; i < 2; i++) {
    free(sides[both[i]].kept);
    sides[both[i]] = (struct side){0};
    close(both[i]);
  }
}

/* Takes what is left of `bytes` after the socket took its part; the source waits until it is gone. */
static int keep(int fd, const char *bytes, size_t length) {
  struct side *side = &sides[fd];
  side->kept = malloc(length);
  if (!side->kept) return -1;
  memcpy(side->kept, bytes, length);
  side->kept_length = length;
  watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
  watch(side->peer, 0, EPOLL_CTL_MOD);
  return 0;
}

static int forward(int fd) {
  ssize_t got = recv(fd, chunk, CHUNK, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
  int peer = sides[fd].peer;
  ssize_t sent = send(peer, chunk, got, MSG_NOSIGNAL);
  if (sent == got) return 0;
  if (sent < 0 && errno != EAGAIN) return -1;
  if (sent < 0) sent = 0;
  return keep(peer, chunk + sent, got - sent);
}

static int flush(int fd) {
  struct side *side = &sides[fd];
  ssize_t sent = send(fd, side->kept, side->kept_length, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN ? 0 : -1;
  side->kept_length -= sent;
  memmove(side->kept, side->kept + sent, side->kept_length);
  if (side->kept_length) return 0;
  free(side->kept);
  side->kept = NULL;
  watch(fd, EPOLLIN, EPOLL_CTL_MOD);
  watch(side->peer, EPOLLIN, EPOLL_CTL_MOD);
  return 0;
}

static void accept_all(int listener, const struct sockaddr_in *upstream) {
  int downstream, on = 1;
  while ((downstream = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    /* The upstream is on loopback with a deep backlog: a blocking connect is over at once. */
    if (fd < 0 || fd >= DESCRIPTORS_MAX || downstream >= DESCRIPTORS_MAX ||
        connect(fd, (const void *)upstream, sizeof *upstream)) {
      close(downstream);
      if (fd >= 0) close(fd);
      continue;
    }
    setsockopt(downstream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    sides[downstream].peer = fd;
    sides[fd].peer = downstream;
    watch(downstream, EPOLLIN, EPOLL_CTL_ADD);
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

int main(int count, char **arguments) {
  if (count != 3) return 1;
  signal(SIGPIPE, SIG_IGN);
  epoll_fd = epoll_create1(0);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in upstream = address;
  address.sin_port = htons(atoi(arguments[1]));
  upstream.sin_port = htons(atoi(arguments[2]));
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
    perror("forward: listen");
    return 1;
  }
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);

  static struct epoll_event events[512];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, 512, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        accept_all(listener, &upstream);
        continue;
      }
      if (!sides[fd].peer) continue; /* its pair ended earlier in this batch */
      if (sides[fd].kept_length ? flush(fd) : forward(fd)) end_pair(fd);
    }
  }
}
