/**
 * The life of a watched node: a pure state machine ({@link io.limestone.server.nodes.LifeCycle}:
 * state and occurrence in, next state and what to do out) and the timetable that says when a node
 * is due. No sockets, no database here.
 */
@NullMarked
package io.limestone.server.nodes;

import org.jspecify.annotations.NullMarked;
