package io.limestone.server.http;

import java.time.Duration;

/**
 * The bounds of one listener.
 *
 * @param head bytes of request line and headers together
 * @param body bytes of a request's body
 * @param buffered bytes of all bodies together that wait in memory
 * @param handshake from accept to the end of the TLS handshake
 * @param idle from accept, or the last answer, to the next request's complete head
 * @param upload from the complete head to the complete body
 * @param handling how long a handler may take before it is interrupted
 * @param requests handled side by side; more are answered 503
 * @param connections open at once
 * @param connectionsPerAddress open at once from one client address (IPv6: one /64)
 */
public record Limits(
    int head,
    int body,
    long buffered,
    Duration handshake,
    Duration idle,
    Duration upload,
    Duration handling,
    int requests,
    int connections,
    int connectionsPerAddress) {}
