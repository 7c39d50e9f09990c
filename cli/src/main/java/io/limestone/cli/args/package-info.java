/**
 * A command line as data: commands with their options and examples, a parser, help and completion
 * made from the same data. Written here rather than taken from a library because start-up time
 * counts: the usual library's class files are too old for the JVM's AOT cache and cost 160 ms of
 * each command (docs/decisions).
 */
@NullMarked
package io.limestone.cli.args;

import org.jspecify.annotations.NullMarked;
