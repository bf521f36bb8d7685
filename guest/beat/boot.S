/* Multiboot entry, the descriptor tables' targets, the interrupt stubs. */
  .section .multiboot, "a"
  .align 4
  .long 0x1badb002          /* magic */
  .long 2                   /* flags: we want the memory size */
  .long -(0x1badb002 + 2)   /* checksum */

  .text
  .globl _start
_start:
  cli
  cld
  movl $stack_top, %esp
  pushl %ebx                /* multiboot information */
  lgdt gdt_pointer
  ljmp $8, $1f
1:
  movl $16, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  call start

  .globl tick_interrupt, other_interrupt
tick_interrupt:
  incl platform_ticks
other_interrupt:
  pushl %eax
  movb $0x20, %al           /* end of interrupt */
  outb %al, $0x20
  popl %eax
  iret

  .section .rodata
  .align 8
gdt:
  .quad 0
  .quad 0x00cf9a000000ffff  /* code: flat, 32 bits */
  .quad 0x00cf92000000ffff  /* data: flat */
gdt_pointer:
  .word . - gdt - 1
  .long gdt

  .bss
  .align 16
  .skip 16384
stack_top:

  .section .note.GNU-stack, "", @progbits
