"""The five services of Stafett, and the kernel, contracts and chassis that they share."""
