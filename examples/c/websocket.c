#include "websocket.h"

#include <stdlib.h>
#include <string.h>

#include "program.h"

struct websocket {
    wasocket_websocket_client_own_websocket_t own;
    wasocket_websocket_client_borrow_websocket_t borrow;
    const websocket_callbacks *callbacks;
    void *data;
};

/* Lends a string; nothing is copied. */
static program_string_t string(const char *text) {
    return (program_string_t){(uint8_t *)text, strlen(text)};
}

static program_list_u8_t bytes(const uint8_t *data, size_t len) {
    return (program_list_u8_t){(uint8_t *)data, len};
}

websocket *websocket_connect(const char *url, const char *roots,
                             const websocket_callbacks *callbacks, void *data) {
    websocket *websocket = malloc(sizeof *websocket);
    if (websocket == NULL) {
        return NULL;
    }
    wasocket_websocket_client_own_connect_options_t options =
        wasocket_websocket_client_constructor_connect_options();
    wasocket_websocket_client_borrow_connect_options_t borrowed =
        wasocket_websocket_client_borrow_connect_options(options);
    wasocket_websocket_client_invalid_argument_t error;
    bool ok = true;
    if (roots != NULL) {
        program_list_u8_t pem = bytes((const uint8_t *)roots, strlen(roots));
        uint32_t count;
        ok = wasocket_websocket_client_method_connect_options_add_roots(borrowed, &pem, &count,
                                                                        &error);
    }
    if (ok) {
        program_string_t host = string(url);
        ok = wasocket_websocket_client_static_websocket_connect(&host, NULL, NULL, &borrowed,
                                                                &websocket->own, &error);
    }
    wasocket_websocket_client_connect_options_drop_own(options);
    if (!ok) {
        wasocket_websocket_types_invalid_argument_free(&error);
        free(websocket);
        return NULL;
    }
    websocket->borrow = wasocket_websocket_client_borrow_websocket(websocket->own);
    websocket->callbacks = callbacks;
    websocket->data = data;
    return websocket;
}

void *websocket_data(const websocket *websocket) {
    return websocket->data;
}

/* What became of a call that queues something. */
static bool queued(bool ok, wasocket_websocket_client_call_error_t *error) {
    if (!ok) {
        wasocket_websocket_types_call_error_free(error);
    }
    return ok;
}

static bool send_message(websocket *websocket, wasocket_websocket_client_message_t message) {
    wasocket_websocket_client_token_t token;
    wasocket_websocket_client_call_error_t error;
    return queued(wasocket_websocket_client_method_websocket_send(websocket->borrow, &message, 0,
                                                                  &token, &error),
                  &error);
}

bool websocket_send_text(websocket *websocket, const char *text) {
    return send_message(websocket, (wasocket_websocket_client_message_t){
                                       .tag = WASOCKET_WEBSOCKET_TYPES_MESSAGE_TEXT,
                                       .val.text = string(text),
                                   });
}

bool websocket_send_binary(websocket *websocket, const uint8_t *data, size_t len) {
    return send_message(websocket, (wasocket_websocket_client_message_t){
                                       .tag = WASOCKET_WEBSOCKET_TYPES_MESSAGE_BINARY,
                                       .val.binary = bytes(data, len),
                                   });
}

bool websocket_ping(websocket *websocket, const char *payload) {
    program_list_u8_t list = bytes((const uint8_t *)payload, strlen(payload));
    wasocket_websocket_client_token_t token;
    wasocket_websocket_client_call_error_t error;
    return queued(wasocket_websocket_client_method_websocket_ping(websocket->borrow, &list, 0,
                                                                  &token, &error),
                  &error);
}

bool websocket_close(websocket *websocket, uint16_t code, const char *reason) {
    program_string_t text = string(reason);
    wasocket_websocket_client_token_t token;
    wasocket_websocket_client_call_error_t error;
    return queued(wasocket_websocket_client_method_websocket_close(websocket->borrow, &code, &text,
                                                                   &token, &error),
                  &error);
}

static void handle(websocket *websocket, const wasocket_websocket_types_event_t *event) {
    const websocket_callbacks *callbacks = websocket->callbacks;
    switch (event->tag) {
    case WASOCKET_WEBSOCKET_TYPES_EVENT_OPEN:
        callbacks->open(websocket);
        break;
    case WASOCKET_WEBSOCKET_TYPES_EVENT_MESSAGE: {
        const wasocket_websocket_types_message_t *message = &event->val.message;
        if (message->tag == WASOCKET_WEBSOCKET_TYPES_MESSAGE_TEXT) {
            callbacks->message(websocket, true, message->val.text.ptr, message->val.text.len);
        } else {
            callbacks->message(websocket, false, message->val.binary.ptr, message->val.binary.len);
        }
        break;
    }
    case WASOCKET_WEBSOCKET_TYPES_EVENT_PONG: {
        const program_list_u8_t *payload = &event->val.pong.payload;
        callbacks->pong(websocket, payload->ptr, payload->len);
        break;
    }
    case WASOCKET_WEBSOCKET_TYPES_EVENT_ERROR: {
        const program_string_t *message = &event->val.error.message;
        callbacks->error(websocket, message->ptr, message->len);
        break;
    }
    case WASOCKET_WEBSOCKET_TYPES_EVENT_CLOSE: {
        const wasocket_websocket_types_closed_t *closed = &event->val.close;
        callbacks->close(websocket, closed->code, closed->reason.ptr, closed->reason.len);
        break;
    }
    }
}

void websocket_run(websocket *websocket) {
    wasocket_websocket_client_own_waiter_t waiter = wasocket_websocket_client_constructor_waiter();
    wasocket_websocket_client_list_borrow_websocket_t websockets = {&websocket->borrow, 1};
    for (bool closed = false; !closed;) {
        wasocket_websocket_client_ready_t ready;
        wasocket_websocket_client_invalid_argument_t error;
        if (!wasocket_websocket_client_method_waiter_wait(
                wasocket_websocket_client_borrow_waiter(waiter), &websockets, NULL, &ready,
                &error)) {
            /* There is always something to wait for: nothing here is ever paused. */
            abort();
        }
        /* It is the only websocket, so it is known which one is ready. */
        program_list_u32_free(&ready.websockets);
        program_list_u32_free(&ready.pollables);
        wasocket_websocket_client_turn_t turn;
        wasocket_websocket_client_method_websocket_drive(websocket->borrow, &turn);
        for (size_t index = 0; index < turn.events.len; index++) {
            const wasocket_websocket_types_event_t *event = &turn.events.ptr[index];
            closed = event->tag == WASOCKET_WEBSOCKET_TYPES_EVENT_CLOSE;
            handle(websocket, event);
        }
        wasocket_websocket_types_turn_free(&turn);
    }
    wasocket_websocket_client_waiter_drop_own(waiter);
    wasocket_websocket_client_websocket_drop_own(websocket->own);
    free(websocket);
}
