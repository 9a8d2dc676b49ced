/* `wasocket:websocket` as C has such things: callbacks, and a loop that calls them. */

#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct websocket websocket;

/* What is called when something happens. Text has no zero at its end; what is pointed to lasts until
 * the function returns. */
typedef struct {
    void (*open)(websocket *websocket);
    void (*message)(websocket *websocket, bool is_text, const uint8_t *data, size_t len);
    void (*pong)(websocket *websocket, const uint8_t *payload, size_t len);
    void (*error)(websocket *websocket, const uint8_t *message, size_t len);
    /* Comes last, and once. */
    void (*close)(websocket *websocket, uint16_t code, const uint8_t *reason, size_t len);
} websocket_callbacks;

/* Starts to connect, trusting the roots too unless they are NULL; NULL if an argument cannot be used.
 * `data` is for the callbacks. */
websocket *websocket_connect(const char *url, const char *roots,
                             const websocket_callbacks *callbacks, void *data);

void *websocket_data(const websocket *websocket);

/* Each queues something, and is false if that is not possible. */
bool websocket_send_text(websocket *websocket, const char *text);
bool websocket_send_binary(websocket *websocket, const uint8_t *data, size_t len);
bool websocket_ping(websocket *websocket, const char *payload);
bool websocket_close(websocket *websocket, uint16_t code, const char *reason);

/* Calls the callbacks until the websocket is closed, and frees it. */
void websocket_run(websocket *websocket);

#endif
