/**
 * HTTP for the REST interfaces. Event loops only move bytes; each request runs on a virtual thread
 * of its own as plain blocking code. Who may call what is declared in one table of {@link
 * io.limestone.server.http.Route}s and decided in one place, and everything that comes from outside
 * is bounded: sizes, times, counts.
 */
@NullMarked
package io.limestone.server.http;

import org.jspecify.annotations.NullMarked;
