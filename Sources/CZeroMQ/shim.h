// libzmq, and the eventfd calls that Glibc's module map leaves out.
#include <zmq.h>
#include <sys/eventfd.h>
