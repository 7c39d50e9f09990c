package io.limestone.tss;

/** The two hierarchies an attester has to do with, by their ESYS_TR numbers. */
public enum Hierarchy {
  OWNER(0x101),
  ENDORSEMENT(0x10B);

  final int esysHandle;

  Hierarchy(int esysHandle) {
    this.esysHandle = esysHandle;
  }
}
