/** What an anonymous client may do, as Kafka's AclOperation bits: everything, while there are no ACLs. */
export const allTopicOperations = 0b1101_1111_1000
export const allClusterOperations = 0b1_1111_1010_0000
export const allGroupOperations = 0b1101_0100_1000
/** What is told to who did not ask. */
export const unknownOperations = -(2 ** 31)
