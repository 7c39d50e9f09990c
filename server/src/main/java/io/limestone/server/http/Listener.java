package io.limestone.server.http;

import java.util.Optional;

/**
 * One port to listen on.
 *
 * @param name for the log and the metrics
 * @param port 0 takes any free one
 * @param tls absent for plain HTTP: then only routes that allow it are answered
 */
public record Listener(String name, String host, int port, Optional<Tls> tls, Limits limits) {}
