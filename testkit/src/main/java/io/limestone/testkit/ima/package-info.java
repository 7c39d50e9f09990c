/** A model of how the Linux kernel measures: its entries, its list in both forms, its PCR 10. */
@NullMarked
package io.limestone.testkit.ima;

import org.jspecify.annotations.NullMarked;
