/** {@code limestone boot}: event logs in files, shown, judged and compared. */
@NullMarked
package io.limestone.cli.boot;

import org.jspecify.annotations.NullMarked;
