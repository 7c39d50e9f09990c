/**
 * Settings: names, defaults and meanings in one catalogue; the value of each comes from the
 * default, {@code limestone.toml}, the environment or the command line, in this order.
 */
@NullMarked
package io.limestone.server.settings;

import org.jspecify.annotations.NullMarked;
