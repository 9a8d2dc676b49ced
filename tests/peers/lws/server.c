/* A WebSocket server on somebody else's implementation: libwebsockets, for C.
 *
 *     server [--cert FILE --key FILE] [--permessage-deflate]
 *     server --version
 *
 * Listens on a port of 127.0.0.1 that the system chooses, prints `listening PORT` once it accepts
 * connections, and exits when its standard input ends. On every path it sends every message back,
 * until a Close frame comes in, which libwebsockets answers with the same code and reason.
 *
 * A message comes back in fragments, for what has come of it, at most RX_SIZE bytes, is sent back
 * at once. With `--permessage-deflate` the extension is taken as the client offers it, but for the
 * sizes of windows, on which libwebsockets 4.1.6 is silent; it has no options for what to ask of a
 * client. That version aborts if it is to compress an empty message after another one.
 *
 * `--version` prints that of libwebsockets. `cargo xtask setup` compiles this.
 */

#include <getopt.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is read from a connection at once. */
#define RX_SIZE 65536
/* How many fragments of a connection wait to be sent before it is read from no more. */
#define MAX_QUEUE_LEN 16

struct fragment {
    struct fragment *next;
    size_t len;
    int first, final, binary;
    /* LWS_PRE bytes that libwebsockets writes the header to, and then the payload. */
    unsigned char bytes[];
};

struct session {
    struct fragment *oldest;
    struct fragment **end;
    int count;
};

static int receive(struct lws *wsi, struct session *session, const void *payload, size_t len)
{
    struct fragment *fragment = malloc(sizeof *fragment + LWS_PRE + len);
    if (!fragment)
        return -1;
    fragment->next = NULL;
    fragment->len = len;
    fragment->first = lws_is_first_fragment(wsi);
    fragment->final = lws_is_final_fragment(wsi);
    fragment->binary = lws_frame_is_binary(wsi);
    memcpy(fragment->bytes + LWS_PRE, payload, len);
    *session->end = fragment;
    session->end = &fragment->next;
    if (++session->count == MAX_QUEUE_LEN)
        lws_rx_flow_control(wsi, 0);
    lws_callback_on_writable(wsi);
    return 0;
}

static void drop_oldest(struct session *session)
{
    struct fragment *fragment = session->oldest;
    session->oldest = fragment->next;
    if (!session->oldest)
        session->end = &session->oldest;
    session->count--;
    free(fragment);
}

/* Sends one fragment: libwebsockets allows for one write each time that it calls back. */
static int send_oldest(struct lws *wsi, struct session *session)
{
    struct fragment *fragment = session->oldest;
    if (!fragment)
        return 0;
    int opcode = fragment->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    int flags = lws_write_ws_flags(opcode, fragment->first, fragment->final);
    if (lws_write(wsi, fragment->bytes + LWS_PRE, fragment->len, flags) < (int)fragment->len)
        return -1;
    drop_oldest(session);
    if (session->count == MAX_QUEUE_LEN - 1)
        lws_rx_flow_control(wsi, 1);
    if (session->oldest)
        lws_callback_on_writable(wsi);
    return 0;
}

static int echo(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct session *session = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        session->end = &session->oldest;
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return receive(wsi, session, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return send_oldest(wsi, session);
    case LWS_CALLBACK_CLOSED:
        while (session->oldest)
            drop_oldest(session);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

/* The test holds the other end; however the test ends, so does this. */
static void *exit_with_standard_input(void *unused)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    _exit(0);
    return unused;
}

static const struct lws_protocols protocols[] = {
    {.name = "echo",
     .callback = echo,
     .per_session_data_size = sizeof(struct session),
     .rx_buffer_size = RX_SIZE},
    {0},
};

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
    {0},
};

static const struct option options[] = {
    {"cert", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},
    {"permessage-deflate", no_argument, NULL, 'd'},
    {"version", no_argument, NULL, 'v'},
    {0},
};

int main(int argc, char **argv)
{
    struct lws_context_creation_info info = {
        .iface = "127.0.0.1",
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8,
        /* What is read at once is the lesser of this and of what the protocol says. */
        .pt_serv_buf_size = RX_SIZE,
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            info.ssl_cert_filepath = optarg;
            break;
        case 'k':
            info.ssl_private_key_filepath = optarg;
            break;
        case 'd':
            info.extensions = extensions;
            break;
        case 'v':
            puts(lws_get_library_version());
            return 0;
        default:
            return 2;
        }
    }
    if (!info.ssl_cert_filepath != !info.ssl_private_key_filepath) {
        fprintf(stderr, "--cert and --key go together\n");
        return 2;
    }
    if (info.ssl_cert_filepath)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;

    lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
    struct lws_context *context = lws_create_context(&info);
    struct lws_vhost *vhost = context ? lws_create_vhost(context, &info) : NULL;
    pthread_t thread;
    if (!vhost || pthread_create(&thread, NULL, exit_with_standard_input, NULL)) {
        fprintf(stderr, "libwebsockets did not start\n");
        return 1;
    }
    printf("listening %d\n", lws_get_vhost_listen_port(vhost));
    fflush(stdout);
    while (lws_service(context, 0) >= 0)
        ;
    return 1;
}
