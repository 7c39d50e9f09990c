@NullMarked
package io.limestone.server.settings;

import org.jspecify.annotations.NullMarked;
