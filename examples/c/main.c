/* A program that talks to an echo server: its argument is the URL, and the environment variable
 * ROOTS may have certificates to trust, PEM. */

#include <stdio.h>
#include <stdlib.h>

#include "websocket.h"

typedef struct {
    int messages;
    bool failed;
} progress;

static void check(websocket *websocket, bool queued) {
    progress *progress = websocket_data(websocket);
    if (!queued) {
        progress->failed = true;
    }
}

static void on_open(websocket *websocket) {
    puts("open");
    check(websocket, websocket_send_text(websocket, "one"));
    check(websocket, websocket_send_text(websocket, "two"));
    check(websocket, websocket_send_binary(websocket, (const uint8_t[]){1, 2, 3}, 3));
}

static void on_message(websocket *websocket, bool is_text, const uint8_t *data, size_t len) {
    if (is_text) {
        printf("text %.*s\n", (int)len, (const char *)data);
    } else {
        printf("binary %zu bytes\n", len);
    }
    progress *progress = websocket_data(websocket);
    progress->messages++;
    if (progress->messages == 3) {
        check(websocket, websocket_ping(websocket, "still there?"));
    }
}

static void on_pong(websocket *websocket, const uint8_t *payload, size_t len) {
    printf("pong %.*s\n", (int)len, (const char *)payload);
    check(websocket, websocket_close(websocket, 1000, "done"));
}

static void on_error(websocket *websocket, const uint8_t *message, size_t len) {
    fprintf(stderr, "error: %.*s\n", (int)len, (const char *)message);
    check(websocket, false);
}

static void on_close(websocket *websocket, uint16_t code, const uint8_t *reason, size_t len) {
    (void)websocket;
    printf("closed %u %.*s\n", code, (int)len, (const char *)reason);
}

int main(int argc, char **argv) {
    static const websocket_callbacks callbacks = {on_open, on_message, on_pong, on_error, on_close};
    progress progress = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: c URL\n");
        return EXIT_FAILURE;
    }
    websocket *websocket = websocket_connect(argv[1], getenv("ROOTS"), &callbacks, &progress);
    if (websocket == NULL) {
        fprintf(stderr, "the URL or the roots cannot be used\n");
        return EXIT_FAILURE;
    }
    websocket_run(websocket);
    return progress.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
